package main

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
)

func main() {
	v := os.Getenv("V")
	marshalled, _ := json.Marshal(map[string]string{"v": v})
	twice, _ := json.Marshal(string(marshalled))
	var attribute, record strings.Builder
	xml.EscapeText(&attribute, []byte(v))
	slog.New(slog.NewTextHandler(&record, nil)).Info("read", "v", v)
	forms := []struct{ name, text string }{
		{"json.Marshal", string(marshalled)}, {"json.Marshal twice", string(twice)}, {"%q", fmt.Sprintf("%q", v)}, {"%+q", fmt.Sprintf("%+q", v)},
		{"%#v", fmt.Sprintf("%#v", v)}, {"%v of bytes", fmt.Sprintf("%v", []byte(v))}, {"%x", fmt.Sprintf("%x", v)}, {"% X", fmt.Sprintf("% X", v)},
		{"%#v of bytes", fmt.Sprintf("%#v", []byte(v))}, {"strconv.QuoteToASCII", strconv.QuoteToASCII(v)}, {"url.QueryEscape", url.QueryEscape(v)},
		{"url.PathEscape", url.PathEscape(v)}, {"url.UserPassword", (&url.URL{Scheme: "https", User: url.UserPassword("u", v), Host: "h"}).String()},
		{"html.EscapeString", html.EscapeString(v)}, {"xml.EscapeText", attribute.String()}, {"slog", record.String()},
		{"base64 of JSON", base64.StdEncoding.EncodeToString(marshalled)}, {"base64 raw URL", base64.RawURLEncoding.EncodeToString([]byte(v))},
		{"base32", base32.StdEncoding.EncodeToString([]byte(v))}, {"hex", hex.EncodeToString([]byte(v))},
	}
	for _, form := range forms {
		fmt.Print("\x1e", form.name, "\x1f", form.text)
	}
}
