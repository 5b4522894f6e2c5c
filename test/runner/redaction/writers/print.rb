require 'json'; require 'cgi'; require 'shellwords'; require 'uri'
v = ENV['V'].dup.force_encoding('UTF-8')
forms = {
  'inspect' => v.inspect, 'dump' => v.dump, 'to_json' => v.to_json, 'JSON of ASCII' => JSON.generate(v, ascii_only: true),
  'CGI.escape' => CGI.escape(v), 'CGI.escapeHTML' => CGI.escapeHTML(v), 'Shellwords.escape' => Shellwords.escape(v),
  'URI.encode_www_form_component' => URI.encode_www_form_component(v), 'pack m' => [v].pack('m'), 'pack m0' => [v].pack('m0'),
  'unpack H*' => v.unpack1('H*'), 'bytes' => v.bytes.inspect, 'pack M' => [v].pack('M')
}
$stdout.binmode
forms.each { |name, text| $stdout.write("\x1e#{name}\x1f#{text}") }
