# frozen_string_literal: true

require "stringio"

module LambdaRuntime
  # An event as it came. Header names may be written in any case.
  class Request
    attr_reader :body

    def initialize(headers, body)
      @headers = headers
      @body = body
    end

    def [](name)
      @headers[name.downcase]
    end
  end

  # What `file.method` or `file.Some::Module.method` names.
  class Handler
    def initialize(name)
      parts = name.split(".")
      @file, *@owner, @method = parts
      return if [2, 3].include?(parts.size)

      raise ArgumentError, "Invalid handler #{parts}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD " \
                           "where FILENAME corresponds with an existing Ruby source file FILENAME.rb, CLASS is an " \
                           "optional module/class namespace and METHOD is a callable method. If using CLASS, METHOD " \
                           "must be a class-level method."
    end

    def load
      root = ENV.fetch("LAMBDA_TASK_ROOT")
      $LOAD_PATH.unshift(root) unless $LOAD_PATH.include?(root)
      require @file
    end

    def call(event, context)
      owner = @owner.empty? ? self : Kernel.const_get(@owner.first)
      owner.__send__(@method, event: event, context: context)
    end
  end
end

module AwsLambda
  # How events and answers are written. Functions may define these anew.
  class Marshaller
    class << self
      def marshall_request(raw_request)
        type = raw_request["Content-Type"]
        type.nil? || type.start_with?("application/json") ? JSON.parse(raw_request.body) : raw_request.body
      end

      def marshall_response(method_response)
        case method_response
        when StringIO, IO then [method_response, "application/unknown"]
        else method_response.to_json
        end
      end
    end
  end
end
