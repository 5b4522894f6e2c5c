import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What Gson writes of a value, in the ways in which it can be asked to. */
public class PrintJson {
  public static void main(String[] arguments) throws Exception {
    String value = new String(Base64.getDecoder().decode(System.getenv("V64")), StandardCharsets.UTF_8);
    Gson gson = new Gson();
    Gson plain = new GsonBuilder().disableHtmlEscaping().create();
    Map<String, String> forms = new LinkedHashMap<>();
    forms.put("toJson", gson.toJson(value));
    forms.put("toJson of a map", gson.toJson(Map.of("password", value)));
    forms.put("toJson of a list", gson.toJson(List.of("user", value)));
    forms.put("pretty printing", new GsonBuilder().setPrettyPrinting().create().toJson(Map.of("password", value)));
    forms.put("without HTML escaping", plain.toJson(value));
    forms.put("toJson of its own text", gson.toJson(gson.toJson(value)));
    forms.put("toJsonTree", gson.toJsonTree(value).toString());
    PrintStream out = new PrintStream(System.out, false);
    for (Map.Entry<String, String> form : forms.entrySet()) {
      out.write(0x1e);
      out.write(form.getKey().getBytes());
      out.write(0x1f);
      out.write(form.getValue().getBytes(StandardCharsets.UTF_8));
    }
    out.flush();
  }
}
