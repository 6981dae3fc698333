# frozen_string_literal: true

# What a handler is told beside its event.
class LambdaContext
  attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name, :function_name,
              :memory_limit_in_mb, :function_version, :identity, :client_context, :deadline_ms, :tenant_id

  def initialize(headers)
    @aws_request_id = headers["lambda-runtime-aws-request-id"]
    @invoked_function_arn = headers["lambda-runtime-invoked-function-arn"]
    @tenant_id = headers["lambda-runtime-aws-tenant-id"]
    @deadline_ms = headers["lambda-runtime-deadline-ms"].to_i
    @identity = object_in(headers["lambda-runtime-cognito-identity"])
    @client_context = object_in(headers["lambda-runtime-client-context"])
    @log_group_name = ENV["AWS_LAMBDA_LOG_GROUP_NAME"]
    @log_stream_name = ENV["AWS_LAMBDA_LOG_STREAM_NAME"]
    @function_name = ENV["AWS_LAMBDA_FUNCTION_NAME"]
    @function_version = ENV["AWS_LAMBDA_FUNCTION_VERSION"]
    @memory_limit_in_mb = ENV["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
  end

  def get_remaining_time_in_millis
    [@deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond), 0].max
  end

  private

  def object_in(text)
    JSON.parse(text) if text
  end
end
