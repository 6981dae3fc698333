package local.runtime;

import com.amazonaws.services.lambda.runtime.LambdaLogger;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The function's log. What has many lines stays one event: newlines inside it go as carriage returns. */
public final class Log {
  private static final FileOutputStream OUT = new FileOutputStream(FileDescriptor.out);

  public static final LambdaLogger LOGGER =
      new LambdaLogger() {
        @Override
        public void log(String message) {
          write(message == null ? "null" : message);
        }

        @Override
        public void log(byte[] message) {
          write(new String(message, StandardCharsets.UTF_8));
        }
      };

  private Log() {}

  static synchronized void write(String message) {
    String line = message.endsWith("\n") ? message.substring(0, message.length() - 1) : message;
    try {
      System.out.flush();
      OUT.write((line.replace('\n', '\r') + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException gone) {
      // Nobody reads it any more.
    }
  }
}
