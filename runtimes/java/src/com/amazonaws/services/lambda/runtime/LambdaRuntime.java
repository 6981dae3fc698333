package com.amazonaws.services.lambda.runtime;

public final class LambdaRuntime {
  private LambdaRuntime() {}

  public static LambdaLogger getLogger() {
    return local.runtime.Log.LOGGER;
  }
}
