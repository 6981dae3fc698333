package local.runtime;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Lambda's Java runtime: loads the handler, then takes events from the Runtime API one by one. */
public final class Bootstrap {
  private static final String PATH = "/2018-06-01/runtime";

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;
  private final String host;

  private Bootstrap(String address) throws IOException {
    int colon = address.lastIndexOf(':');
    host = address;
    socket = new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
    socket.setTcpNoDelay(true);
    in = new BufferedInputStream(socket.getInputStream(), 65536);
    out = socket.getOutputStream();
  }

  public static void main(String[] arguments) throws IOException {
    Bootstrap bootstrap = new Bootstrap(System.getenv("AWS_LAMBDA_RUNTIME_API"));
    Handler handler;
    try {
      handler = Handler.find(System.getenv("_HANDLER"));
    } catch (Throwable cause) {
      bootstrap.fail("/init/error", cause);
      System.exit(1);
      return;
    }
    while (true) bootstrap.handleNext(handler);
  }

  private void handleNext(Handler handler) throws IOException {
    send("GET", "/invocation/next", null, null);
    Map<String, String> headers = new LinkedHashMap<>();
    byte[] event = answer(headers);
    Invocation context = new Invocation(headers);
    String trace = headers.get("lambda-runtime-trace-id");
    if (trace == null) System.clearProperty("com.amazonaws.xray.traceHeader");
    else System.setProperty("com.amazonaws.xray.traceHeader", trace);
    try {
      byte[] answer = handler.handle(event, context);
      System.out.flush();
      System.err.flush();
      send("POST", "/invocation/" + context.getAwsRequestId() + "/response", answer, null);
      answer(new LinkedHashMap<>());
    } catch (Throwable cause) {
      fail("/invocation/" + context.getAwsRequestId() + "/error", cause);
      // The machine is not sound any more.
      if (cause instanceof VirtualMachineError) System.exit(1);
    }
  }

  private void fail(String path, Throwable cause) throws IOException {
    StringWriter text = new StringWriter();
    cause.printStackTrace(new PrintWriter(text));
    Log.write(cause.getMessage() + ": " + cause.getClass().getName() + "\n" + text);
    System.err.flush();
    String error = Json.write(describe(cause, 0));
    send("POST", path, error.getBytes(StandardCharsets.UTF_8), cause.getClass().getName());
    answer(new LinkedHashMap<>());
  }

  private static Map<String, Object> describe(Throwable cause, int depth) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("errorMessage", cause.getMessage());
    error.put("errorType", cause.getClass().getName());
    List<String> trace = new ArrayList<>();
    for (StackTraceElement element : cause.getStackTrace()) {
      if (element.getClassName().startsWith("local.runtime.")) break;
      trace.add(element.toString());
    }
    error.put("stackTrace", trace);
    if (cause.getCause() != null && depth < 10) error.put("cause", describe(cause.getCause(), depth + 1));
    return error;
  }

  private void send(String method, String path, byte[] body, String errorType) throws IOException {
    StringBuilder head = new StringBuilder();
    head.append(method).append(' ').append(PATH).append(path).append(" HTTP/1.1\r\nhost: ").append(host);
    if (errorType != null) head.append("\r\nlambda-runtime-function-error-type: ").append(errorType);
    if (body != null) {
      head.append("\r\ncontent-type: application/json\r\ncontent-length: ").append(body.length);
    }
    head.append("\r\n\r\n");
    out.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    if (body != null) out.write(body);
    out.flush();
  }

  /** @param headers takes them, with their names in lower case */
  private byte[] answer(Map<String, String> headers) throws IOException {
    line();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    byte[] body = in.readNBytes(length);
    if (body.length < length) throw new EOFException();
    return body;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      // Without its Runtime API there is nothing left to do.
      if (c < 0) System.exit(1);
      if (c != '\r') line.append((char) c);
    }
    return line.toString();
  }
}
