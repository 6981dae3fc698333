package local.runtime;

import com.amazonaws.services.lambda.runtime.Client;
import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import java.util.LinkedHashMap;
import java.util.Map;

/** The context of one invocation, from the headers that came with its event. */
final class Invocation implements Context {
  private final Map<String, String> headers;

  Invocation(Map<String, String> headers) {
    this.headers = headers;
  }

  @Override
  public String getAwsRequestId() {
    return headers.get("lambda-runtime-aws-request-id");
  }

  @Override
  public String getLogGroupName() {
    return System.getenv("AWS_LAMBDA_LOG_GROUP_NAME");
  }

  @Override
  public String getLogStreamName() {
    return System.getenv("AWS_LAMBDA_LOG_STREAM_NAME");
  }

  @Override
  public String getFunctionName() {
    return System.getenv("AWS_LAMBDA_FUNCTION_NAME");
  }

  @Override
  public String getFunctionVersion() {
    return System.getenv("AWS_LAMBDA_FUNCTION_VERSION");
  }

  @Override
  public String getInvokedFunctionArn() {
    return headers.get("lambda-runtime-invoked-function-arn");
  }

  @Override
  public CognitoIdentity getIdentity() {
    Map<?, ?> identity = map("lambda-runtime-cognito-identity");
    return new CognitoIdentity() {
      @Override
      public String getIdentityId() {
        return text(identity, "cognitoIdentityId");
      }

      @Override
      public String getIdentityPoolId() {
        return text(identity, "cognitoIdentityPoolId");
      }
    };
  }

  @Override
  public ClientContext getClientContext() {
    if (headers.get("lambda-runtime-client-context") == null) return null;
    Map<?, ?> context = map("lambda-runtime-client-context");
    return new ClientContext() {
      @Override
      public Client getClient() {
        return context.get("client") instanceof Map ? new App((Map<?, ?>) context.get("client")) : null;
      }

      @Override
      public Map<String, String> getCustom() {
        return texts(context.get("custom"));
      }

      @Override
      public Map<String, String> getEnvironment() {
        return texts(context.get("env"));
      }
    };
  }

  @Override
  public int getRemainingTimeInMillis() {
    long deadline = Long.parseLong(headers.get("lambda-runtime-deadline-ms"));
    return (int) Math.max(0, deadline - System.currentTimeMillis());
  }

  @Override
  public int getMemoryLimitInMB() {
    return Integer.parseInt(System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"));
  }

  @Override
  public LambdaLogger getLogger() {
    return Log.LOGGER;
  }

  @Override
  public String getTenantId() {
    return headers.get("lambda-runtime-aws-tenant-id");
  }

  private Map<?, ?> map(String header) {
    String text = headers.get(header);
    Object parsed = text == null ? null : Json.parse(text);
    return parsed instanceof Map ? (Map<?, ?>) parsed : new LinkedHashMap<>();
  }

  private static String text(Map<?, ?> map, String name) {
    Object value = map.get(name);
    return value == null ? null : value.toString();
  }

  private static Map<String, String> texts(Object value) {
    if (!(value instanceof Map)) return null;
    Map<String, String> texts = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
      texts.put(String.valueOf(entry.getKey()), String.valueOf(entry.getValue()));
    }
    return texts;
  }

  private static final class App implements Client {
    private final Map<?, ?> fields;

    App(Map<?, ?> fields) {
      this.fields = fields;
    }

    @Override
    public String getInstallationId() {
      return text(fields, "installation_id");
    }

    @Override
    public String getAppTitle() {
      return text(fields, "app_title");
    }

    @Override
    public String getAppVersionName() {
      return text(fields, "app_version_name");
    }

    @Override
    public String getAppVersionCode() {
      return text(fields, "app_version_code");
    }

    @Override
    public String getAppPackageName() {
      return text(fields, "app_package_name");
    }
  }
}
