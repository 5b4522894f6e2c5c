import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

public class Print {
  public static void main(String[] arguments) throws Exception {
    byte[] bytes = Base64.getDecoder().decode(System.getenv("V64"));
    String value = new String(bytes, StandardCharsets.UTF_8);
    Properties properties = new Properties();
    properties.setProperty("p", value);
    ByteArrayOutputStream latin = new ByteArrayOutputStream();
    properties.store(latin, null);
    ByteArrayOutputStream xml = new ByteArrayOutputStream();
    properties.storeToXML(xml, null, StandardCharsets.UTF_8);
    Map<String, byte[]> forms = new LinkedHashMap<>();
    forms.put("println", bytes);
    forms.put("Properties.store", latin.toByteArray());
    forms.put("Properties.storeToXML", xml.toByteArray());
    forms.put("URLEncoder", URLEncoder.encode(value, StandardCharsets.UTF_8).getBytes());
    forms.put("Base64", Base64.getEncoder().encode(bytes));
    forms.put("Base64 MIME", Base64.getMimeEncoder().encode(("user:" + value).getBytes(StandardCharsets.UTF_8)));
    forms.put("Base64 URL", Base64.getUrlEncoder().withoutPadding().encode(bytes));
    forms.put("Arrays.toString", Arrays.toString(bytes).getBytes());
    forms.put("HexFormat", HexFormat.of().formatHex(bytes).getBytes());
    forms.put("HexFormat with separator", HexFormat.ofDelimiter(":").withUpperCase().formatHex(bytes).getBytes());
    PrintStream out = new PrintStream(System.out, false);
    for (Map.Entry<String, byte[]> form : forms.entrySet()) {
      out.write(0x1e);
      out.write(form.getKey().getBytes());
      out.write(0x1f);
      out.write(form.getValue());
    }
    out.flush();
  }
}
