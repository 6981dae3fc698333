# frozen_string_literal: true

# Lambda's Ruby runtime: loads the handler, then takes events from the Runtime API one by one.

require_relative "runtime_client"
require_relative "output"
require_relative "handler"
require_relative "context"

module LambdaRuntime
  # The last line that a stack trace shows is the function's own.
  OWN = /\A#{Regexp.escape(__dir__)}\//

  class << self
    attr_accessor :request_id
  end

  # An error as Lambda tells it. The class of the error is within what was going on: Function<KeyError>.
  class Failure
    # Others are told to the platform as the user's, with no name. Who invoked the function sees it all the same.
    NAMED = %w[ArgumentError NoMethodError Exception StandardError NameError LoadError SystemExit SystemStackError].freeze

    def initialize(error, phase)
      @error = error
      @phase = phase
    end

    def platform_type
      phase_and(NAMED.include?(@error.class.to_s) ? @error.class : "UserException")
    end

    def to_h
      { errorMessage: text_of(@error.message), errorType: phase_and(@error.class), stackTrace: trace }
    end

    private

    def phase_and(name)
      "#{@phase}<#{name}>"
    end

    def trace
      (@error.backtrace || []).first(100).take_while { |line| !line.match?(OWN) }.map { |line| text_of(line) }
    end

    def text_of(text)
      text.to_s.encode("UTF-8", invalid: :replace, undef: :replace).scrub("\uFFFD")
    end
  end

  # From the first event to the last.
  class Loop
    def initialize
      @client = RuntimeClient.new(ENV.fetch("AWS_LAMBDA_RUNTIME_API"))
    end

    def run
      @handler = load_handler
      handle(*@client.next) while true
    end

    private

    def load_handler
      handler = Handler.new(ENV.fetch("_HANDLER"))
      handler.load
      handler
    rescue Exception => error # What is no StandardError ends it all the more: LoadError, SyntaxError, SystemExit.
      failure = Failure.new(error, "Init")
      log("Init error when loading handler ", failure)
      @client.fail("/init/error", failure)
      finish(-4)
    end

    def handle(headers, body)
      LambdaRuntime.request_id = headers["lambda-runtime-aws-request-id"]
      ENV["_X_AMZN_TRACE_ID"] = headers["lambda-runtime-trace-id"]
      answer, content_type = respond(headers, body)
      return if answer.nil?

      flush
      @client.respond(LambdaRuntime.request_id, answer, content_type || "application/json")
    end

    # What was raised by the function alone leaves the environment as it is. A name that does not exist will not exist
    # the next time either, and what is no StandardError was not meant to be survived.
    def respond(headers, body)
      event = AwsLambda::Marshaller.marshall_request(Request.new(headers, body))
      answer, content_type = AwsLambda::Marshaller.marshall_response(@handler.call(event, LambdaContext.new(headers)))
      [answer.respond_to?(:read) ? answer.read : answer, content_type]
    rescue NameError => error
      fail_invocation("Critical exception from handler", error)
      finish(-1)
    rescue StandardError => error
      fail_invocation("Error raised from handler method", error)
    rescue Exception => error
      fail_invocation("Critical exception from handler", error)
      finish(-1)
    end

    def fail_invocation(what, error)
      failure = Failure.new(error, "Function")
      log(what, failure)
      @client.fail("/invocation/#{LambdaRuntime.request_id}/error", failure)
      nil
    end

    def log(what, failure)
      if Logs.json?
        Logs.telemetry.write(Logs.line("ERROR", what.strip, failure.to_h))
      else
        puts what
        puts JSON.pretty_generate(failure.to_h)
      end
      flush
    end

    def flush
      $stdout.flush
      $stderr.flush
    end

    # Without what the function has left for the end: it has had its time.
    def finish(status)
      flush
      Process.exit!(status)
    end
  end
end

descriptor = ENV.delete("_LAMBDA_TELEMETRY_LOG_FD")
LambdaRuntime::Logs.install(descriptor && Integer(descriptor))
LambdaRuntime::Loop.new.run
