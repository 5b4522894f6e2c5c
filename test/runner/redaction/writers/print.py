import ast, base64, binascii, configparser, csv, html, io, json, os, quopri, shlex, sys, urllib.parse
from xml.sax import saxutils

v = os.environ["V"]
b = v.encode()
row = io.StringIO()
csv.writer(row, quoting=csv.QUOTE_ALL, lineterminator="").writerow([v])
forms = {
    "print": v,
    "json.dumps": json.dumps({"p": v}),
    "json.dumps without ensure_ascii": json.dumps({"p": v}, ensure_ascii=False),
    "json.dumps twice": json.dumps(json.dumps(v)),
    "repr": repr(v),
    "repr of bytes": repr(b),
    "ascii": ascii(v),
    "shlex.quote": shlex.quote(v),
    "urllib quote": urllib.parse.quote(v),
    "urllib quote_plus": urllib.parse.quote_plus(v),
    "html.escape": html.escape(v),
    "saxutils.quoteattr": saxutils.quoteattr(v),
    "csv": row.getvalue(),
    "base64": base64.b64encode(b).decode(),
    "base64.encodebytes": base64.encodebytes(b).decode(),
    "base64 url": base64.urlsafe_b64encode(b).decode(),
    "base32": base64.b32encode(b).decode(),
    "hexlify": binascii.hexlify(b).decode(),
    "bytes.hex with separator": b.hex(":"),
    "quopri": quopri.encodestring(b).decode("latin-1"),
    "list of bytes": str(list(b)),
    "unicode_escape": v.encode("unicode_escape").decode(),
    "xmlcharrefreplace": v.encode("ascii", "xmlcharrefreplace").decode(),
    "backslashreplace": v.encode("ascii", "backslashreplace").decode(),
}
out = sys.stdout.buffer
for name, text in forms.items():
    out.write(b"\x1e" + name.encode() + b"\x1f" + text.encode())
