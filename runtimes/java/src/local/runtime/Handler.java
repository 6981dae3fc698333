package local.runtime;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;

/** What a handler names: `package.Class`, or `package.Class::method`. */
interface Handler {
  byte[] handle(byte[] event, Context context) throws Throwable;

  static Handler find(String name) throws ReflectiveOperationException {
    String[] parts = name.split("::", 2);
    Class<?> type;
    try {
      type = Class.forName(parts[0]);
    } catch (ClassNotFoundException missing) {
      throw new ClassNotFoundException("Class not found: " + parts[0], missing);
    }
    String method = parts.length > 1 ? parts[1] : "handleRequest";
    boolean isOfInterface = method.equals("handleRequest");
    if (isOfInterface && RequestStreamHandler.class.isAssignableFrom(type)) {
      RequestStreamHandler handler = (RequestStreamHandler) make(type);
      return (event, context) -> {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        handler.handleRequest(new ByteArrayInputStream(event), out, context);
        return out.toByteArray();
      };
    }
    if (isOfInterface && RequestHandler.class.isAssignableFrom(type)) {
      @SuppressWarnings("unchecked")
      RequestHandler<Object, Object> handler = (RequestHandler<Object, Object>) make(type);
      Type input = Beans.argumentOf(type, RequestHandler.class, 0);
      return (event, context) -> bytes(handler.handleRequest(Beans.as(input, parse(event)), context));
    }
    return byMethod(type, method);
  }

  private static Object make(Class<?> type) throws ReflectiveOperationException {
    return type.getConstructor().newInstance();
  }

  private static Handler byMethod(Class<?> type, String name) throws ReflectiveOperationException {
    Method best = null;
    for (Method method : type.getMethods()) {
      if (!method.getName().equals(name) || method.isBridge() || method.getParameterCount() > 3) continue;
      if (best == null || method.getParameterCount() > best.getParameterCount()) best = method;
    }
    if (best == null) {
      throw new NoSuchMethodException(
          "No public method named " + name + " with appropriate method signature found on " + type);
    }
    Method method = best;
    method.setAccessible(true);
    Object target = Modifier.isStatic(method.getModifiers()) ? null : make(type);
    return (event, context) -> {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      Type[] types = method.getGenericParameterTypes();
      Object[] arguments = new Object[types.length];
      boolean writes = false;
      for (int index = 0; index < types.length; index++) {
        if (types[index] == Context.class) arguments[index] = context;
        else if (types[index] == InputStream.class) arguments[index] = new ByteArrayInputStream(event);
        else if (types[index] == OutputStream.class) {
          arguments[index] = out;
          writes = true;
        } else arguments[index] = Beans.as(types[index], parse(event));
      }
      try {
        Object answer = method.invoke(target, arguments);
        return writes ? out.toByteArray() : bytes(answer);
      } catch (InvocationTargetException thrown) {
        throw thrown.getCause();
      }
    };
  }

  private static Object parse(byte[] event) {
    return Json.parse(new String(event, StandardCharsets.UTF_8));
  }

  private static byte[] bytes(Object answer) {
    return Json.write(answer).getBytes(StandardCharsets.UTF_8);
  }
}
