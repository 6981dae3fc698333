package local.runtime;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON as maps, lists, strings, numbers, booleans and null. */
final class Json {
  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  static Object parse(String text) {
    Json parser = new Json(text);
    Object value = parser.value();
    parser.space();
    if (parser.at < text.length()) throw parser.unexpected();
    return value;
  }

  private IllegalArgumentException unexpected() {
    return new IllegalArgumentException("Unexpected character at " + at + " of the event");
  }

  private void space() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
  }

  private char peek() {
    if (at >= text.length()) throw unexpected();
    return text.charAt(at);
  }

  private Object value() {
    space();
    switch (peek()) {
      case '{':
        return object();
      case '[':
        return array();
      case '"':
        return string();
      case 't':
        return word("true", Boolean.TRUE);
      case 'f':
        return word("false", Boolean.FALSE);
      case 'n':
        return word("null", null);
      default:
        return number();
    }
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) throw unexpected();
    at += word.length();
    return value;
  }

  private Map<String, Object> object() {
    Map<String, Object> map = new LinkedHashMap<>();
    at++;
    space();
    if (peek() == '}') {
      at++;
      return map;
    }
    while (true) {
      space();
      if (peek() != '"') throw unexpected();
      String key = string();
      space();
      if (peek() != ':') throw unexpected();
      at++;
      map.put(key, value());
      if (isLast('}')) return map;
    }
  }

  private List<Object> array() {
    List<Object> list = new ArrayList<>();
    at++;
    space();
    if (peek() == ']') {
      at++;
      return list;
    }
    while (true) {
      list.add(value());
      if (isLast(']')) return list;
    }
  }

  private boolean isLast(char end) {
    space();
    char found = peek();
    if (found != ',' && found != end) throw unexpected();
    at++;
    return found == end;
  }

  private String string() {
    StringBuilder out = new StringBuilder();
    at++;
    while (true) {
      char c = peek();
      at++;
      if (c == '"') return out.toString();
      if (c != '\\') {
        out.append(c);
        continue;
      }
      char escaped = peek();
      at++;
      int index = "bfnrt".indexOf(escaped);
      if (index >= 0) out.append("\b\f\n\r\t".charAt(index));
      else if (escaped == 'u') {
        out.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
        at += 4;
      } else out.append(escaped);
    }
  }

  private Object number() {
    int start = at;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
    String digits = text.substring(start, at);
    if (digits.isEmpty()) throw unexpected();
    if (!digits.matches("-?\\d+")) return Double.valueOf(digits);
    if (digits.length() > 18) return new java.math.BigInteger(digits);
    long value = Long.parseLong(digits);
    if (value == (int) value) return (int) value;
    return value;
  }

  static String write(Object value) {
    StringBuilder out = new StringBuilder();
    write(value, out, 0);
    return out.toString();
  }

  private static void write(Object value, StringBuilder out, int depth) {
    if (depth > 200) throw new IllegalArgumentException("The answer is too deep, or holds itself");
    if (value == null || value instanceof Boolean) out.append(value);
    else if (value instanceof Double && !Double.isFinite((Double) value)) quote(value.toString(), out);
    else if (value instanceof Number) out.append(value);
    else if (value instanceof CharSequence || value instanceof Character || value instanceof Enum) {
      quote(value instanceof Enum ? ((Enum<?>) value).name() : value.toString(), out);
    } else if (value instanceof Map) writeMap((Map<?, ?>) value, out, depth);
    else if (value instanceof Collection) writeAll((Collection<?>) value, out, depth);
    else if (value instanceof java.util.Optional) write(((java.util.Optional<?>) value).orElse(null), out, depth);
    else if (value.getClass().isArray()) {
      List<Object> list = new ArrayList<>();
      for (int index = 0; index < Array.getLength(value); index++) list.add(Array.get(value, index));
      writeAll(list, out, depth);
    } else if (value.getClass().getName().startsWith("java.")) quote(value.toString(), out);
    else writeMap(Beans.properties(value), out, depth);
  }

  private static void writeMap(Map<?, ?> map, StringBuilder out, int depth) {
    out.append('{');
    String separator = "";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(separator);
      quote(String.valueOf(entry.getKey()), out);
      out.append(':');
      write(entry.getValue(), out, depth + 1);
      separator = ",";
    }
    out.append('}');
  }

  private static void writeAll(Collection<?> values, StringBuilder out, int depth) {
    out.append('[');
    String separator = "";
    for (Object value : values) {
      out.append(separator);
      write(value, out, depth + 1);
      separator = ",";
    }
    out.append(']');
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int index = 0; index < text.length(); index++) {
      char c = text.charAt(index);
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < 0x20) out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    out.append('"');
  }
}
