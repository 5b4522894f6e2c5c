v=$V
form() { printf '\x1e%s\x1f' "$1"; }
form 'declare -p'; declare -p v
form '${v@Q}'; printf %s "${v@Q}"
form 'printf %q'; printf %q "$v"
form 'export -p'; unset V64; export -p | sed -n '/ V=/,$p'
form 'set -x'; { set -x; : "$v"; set +x; } 2>&1
form 'env'; env -i V="$v" env
form 'base64'; printf %s "$v" | base64
form 'base64 -w 20'; printf %s "user:$v" | base64 -w 20
form 'xxd -p'; printf %s "$v" | xxd -p -c 256
form 'base32'; printf %s "$v" | base32 -w 0
form 'openssl base64'; printf %s "before it $v" | openssl base64
