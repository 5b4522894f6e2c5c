<?php
$v = getenv('V');
$forms = [
  'echo' => $v, 'json_encode' => json_encode($v), 'json_encode unescaped' => json_encode($v, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE),
  'json_encode with JSON_HEX' => json_encode($v, JSON_HEX_TAG | JSON_HEX_AMP | JSON_HEX_APOS | JSON_HEX_QUOT),
  'var_export' => var_export($v, true), 'print_r' => print_r(['v' => $v], true), 'serialize' => serialize($v), 'htmlspecialchars' => htmlspecialchars($v),
  'htmlentities' => htmlentities($v), 'rawurlencode' => rawurlencode($v), 'urlencode' => urlencode($v), 'addslashes' => addslashes($v),
  'base64_encode' => base64_encode($v), 'chunk_split' => chunk_split(base64_encode("user:$v"), 76, "\n"), 'bin2hex' => bin2hex($v),
  'escapeshellarg' => escapeshellarg($v), 'quoted_printable_encode' => quoted_printable_encode($v), 'json in json' => json_encode(json_encode($v)),
  'base64 in json' => json_encode(base64_encode($v)),
];
foreach ($forms as $name => $text) echo "\x1e", $name, "\x1f", $text;
