# Reads one JSON text and writes a line for each value: `path=value`, where the path has dots, and for each array also
# `path#=<number of entries>`. {"a": [{"b": "x"}]} becomes `a#=1` and `a.0.b=x`. What is not JSON, or could not be told
# on one line, is an error, and then nothing is written.

{ text = text (NR > 1 ? "\n" : "") $0 }

END {
  at = 1
  value("", 0)
  blank()
  if (at <= length(text)) bad("text behind the value")
  printf "%s", out
}

function bad(why) {
  print "not the expected JSON: " why " at character " at >"/dev/stderr"
  exit 1
}

function char() { return substr(text, at, 1) }

function blank() { while (char() ~ /^[ \t\r\n]$/) at++ }

function take(expected) {
  blank()
  if (char() != expected) bad("no " expected)
  at++
}

function tell(path, told) { out = out path "=" told "\n" }

function value(path, depth) {
  if (depth > 10) bad("too many levels")
  blank()
  if (char() == "{") object(path, depth)
  else if (char() == "[") array(path, depth)
  else if (char() == "\"") tell(path, string())
  else tell(path, literal())
}

function object(path, depth,   name) {
  take("{")
  blank()
  if (char() == "}") { at++; return }
  for (;;) {
    blank()
    name = string()
    if (name !~ /^[A-Za-z0-9_-]+$/) bad("a name with other characters than letters and digits")
    take(":")
    value(path == "" ? name : path "." name, depth + 1)
    blank()
    if (char() != ",") break
    at++
  }
  take("}")
}

function array(path, depth,   count) {
  take("[")
  blank()
  count = 0
  if (char() != "]") {
    for (;;) {
      value(path == "" ? count : path "." count, depth + 1)
      count++
      blank()
      if (char() != ",") break
      at++
    }
  }
  take("]")
  tell(path "#", count)
}

function literal(   rest) {
  rest = substr(text, at, 40)
  if (!match(rest, /^(true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)/)) bad("no value")
  at += RLENGTH
  return substr(rest, 1, RLENGTH)
}

function string(   c, s) {
  take("\"")
  for (;;) {
    c = char()
    at++
    if (c == "\"") return s
    if (c == "" || c ~ /^[\001-\037]$/) bad("a string that does not end")
    s = s (c == "\\" ? escaped() : c)
  }
}

function escaped(   c, code, low) {
  c = char()
  at++
  if (c == "\"" || c == "\\" || c == "/") return c
  if (c != "u") bad("a control character in a string")
  code = hex()
  if (code < 32 || code == 127) bad("a control character in a string")
  if (code >= 56320 && code <= 57343) bad("half a character")
  if (code < 55296 || code > 57343) return utf8(code)
  if (substr(text, at, 2) != "\\u") bad("half a character")
  at += 2
  low = hex()
  if (low < 56320 || low > 57343) bad("half a character")
  return utf8(65536 + (code - 55296) * 1024 + low - 56320)
}

function hex(   i, digit, code) {
  code = 0
  for (i = 0; i < 4; i++) {
    digit = index("0123456789abcdef", tolower(char())) - 1
    if (char() == "" || digit < 0) bad("no code of a character")
    code = code * 16 + digit
    at++
  }
  return code
}

function utf8(code) {
  if (code < 128) return sprintf("%c", code)
  if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
  if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
  return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}
