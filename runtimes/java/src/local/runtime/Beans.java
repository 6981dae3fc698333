package local.runtime;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Between JSON and the classes that handlers take and give: by setters, getters and public fields. */
final class Beans {
  private Beans() {}

  static Map<String, Object> properties(Object bean) {
    Map<String, Object> found = new LinkedHashMap<>();
    try {
      for (Method method : bean.getClass().getMethods()) {
        if (method.getParameterCount() != 0 || method.getDeclaringClass() == Object.class) continue;
        if (Modifier.isStatic(method.getModifiers())) continue;
        String name = method.getName();
        boolean isFlag = name.startsWith("is") && method.getReturnType() == boolean.class;
        if (!isFlag && !name.startsWith("get")) continue;
        String property = name.substring(isFlag ? 2 : 3);
        if (property.isEmpty()) continue;
        method.setAccessible(true);
        found.put(Character.toLowerCase(property.charAt(0)) + property.substring(1), method.invoke(bean));
      }
      for (Field field : bean.getClass().getFields()) {
        if (Modifier.isStatic(field.getModifiers())) continue;
        found.putIfAbsent(field.getName(), field.get(bean));
      }
      for (Method accessor : recordAccessors(bean.getClass())) {
        found.put(accessor.getName(), accessor.invoke(bean));
      }
    } catch (ReflectiveOperationException cause) {
      throw new IllegalArgumentException("The answer can't be read: " + cause.getMessage(), cause);
    }
    return found;
  }

  /** Records came with Java 16: they are asked for by name. */
  private static List<Method> recordAccessors(Class<?> type) throws ReflectiveOperationException {
    List<Method> accessors = new ArrayList<>();
    if (type.getSuperclass() == null || !type.getSuperclass().getName().equals("java.lang.Record")) return accessors;
    for (Object component : (Object[]) Class.class.getMethod("getRecordComponents").invoke(type)) {
      Method accessor = (Method) component.getClass().getMethod("getAccessor").invoke(component);
      accessor.setAccessible(true);
      accessors.add(accessor);
    }
    return accessors;
  }

  /** @param value as `Json.parse` gives it */
  static Object as(Type type, Object value) throws ReflectiveOperationException {
    if (type instanceof ParameterizedType) return asParameterized((ParameterizedType) type, value);
    if (!(type instanceof Class)) return value;
    Class<?> wanted = (Class<?>) type;
    if (value == null || wanted == Object.class) return value;
    if (wanted == String.class) return value instanceof String ? value : Json.write(value);
    if (wanted == boolean.class || wanted == Boolean.class) return Boolean.valueOf(value.toString());
    if (wanted.isPrimitive() || Number.class.isAssignableFrom(wanted)) return asNumber(wanted, value);
    if (wanted.isInstance(value)) return value;
    if (wanted.isEnum()) {
      for (Object constant : wanted.getEnumConstants()) {
        if (((Enum<?>) constant).name().equals(value)) return constant;
      }
      throw new IllegalArgumentException(value + " is no " + wanted.getName());
    }
    if (wanted.isArray()) {
      List<?> list = (List<?>) value;
      Object array = java.lang.reflect.Array.newInstance(wanted.getComponentType(), list.size());
      for (int index = 0; index < list.size(); index++) {
        java.lang.reflect.Array.set(array, index, as(wanted.getComponentType(), list.get(index)));
      }
      return array;
    }
    if (!(value instanceof Map)) throw new IllegalArgumentException("The event is no " + wanted.getName());
    return asBean(wanted, (Map<?, ?>) value);
  }

  private static Object asNumber(Class<?> wanted, Object value) {
    Number number = value instanceof Number ? (Number) value : Double.valueOf(value.toString());
    if (wanted == int.class || wanted == Integer.class) return number.intValue();
    if (wanted == long.class || wanted == Long.class) return number.longValue();
    if (wanted == double.class || wanted == Double.class) return number.doubleValue();
    if (wanted == float.class || wanted == Float.class) return number.floatValue();
    if (wanted == short.class || wanted == Short.class) return number.shortValue();
    if (wanted == byte.class || wanted == Byte.class) return number.byteValue();
    if (wanted == java.math.BigDecimal.class) return new java.math.BigDecimal(value.toString());
    if (wanted == java.math.BigInteger.class) return new java.math.BigInteger(value.toString());
    return number;
  }

  private static Object asParameterized(ParameterizedType type, Object value) throws ReflectiveOperationException {
    Class<?> raw = (Class<?>) type.getRawType();
    Type[] arguments = type.getActualTypeArguments();
    if (value instanceof Map && Map.class.isAssignableFrom(raw)) {
      Map<Object, Object> map = new LinkedHashMap<>();
      for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
        map.put(as(arguments[0], entry.getKey()), as(arguments[1], entry.getValue()));
      }
      return map;
    }
    if (value instanceof List && Collection.class.isAssignableFrom(raw)) {
      Collection<Object> all = Set.class.isAssignableFrom(raw) ? new HashSet<>() : new ArrayList<>();
      for (Object element : (List<?>) value) all.add(as(arguments[0], element));
      return all;
    }
    return as(raw, value);
  }

  private static Object asBean(Class<?> wanted, Map<?, ?> values) throws ReflectiveOperationException {
    java.lang.reflect.Constructor<?> constructor = wanted.getDeclaredConstructor();
    constructor.setAccessible(true);
    Object bean = constructor.newInstance();
    for (Map.Entry<?, ?> entry : values.entrySet()) {
      String name = String.valueOf(entry.getKey());
      if (!set(bean, wanted, name, entry.getValue())) continue;
    }
    return bean;
  }

  private static boolean set(Object bean, Class<?> type, String name, Object value)
      throws ReflectiveOperationException {
    for (Method method : type.getMethods()) {
      if (method.getParameterCount() != 1 || !method.getName().equalsIgnoreCase("set" + name)) continue;
      method.setAccessible(true);
      method.invoke(bean, as(method.getGenericParameterTypes()[0], value));
      return true;
    }
    for (Field field : type.getFields()) {
      if (!field.getName().equals(name) || Modifier.isFinal(field.getModifiers())) continue;
      field.set(bean, as(field.getGenericType(), value));
      return true;
    }
    return false;
  }

  /** What a class of handlers has put in the place of a type variable of an interface. */
  static Type argumentOf(Class<?> type, Class<?> of, int index) {
    for (Class<?> at = type; at != null; at = at.getSuperclass()) {
      for (Type implemented : at.getGenericInterfaces()) {
        if (!(implemented instanceof ParameterizedType)) continue;
        if (((ParameterizedType) implemented).getRawType() != of) continue;
        Type argument = ((ParameterizedType) implemented).getActualTypeArguments()[index];
        return argument instanceof TypeVariable ? Object.class : argument;
      }
    }
    return Object.class;
  }
}
