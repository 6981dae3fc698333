# frozen_string_literal: true

require "json"
require "logger"

module LambdaRuntime
  # Where messages of many lines stay one event of the log.
  class Telemetry
    FRAME = 0xa55a0003

    def initialize(descriptor)
      @file = IO.for_fd(descriptor, "wb", autoclose: false)
      @file.sync = true
      @file.close_on_exec = true
    end

    def write(text)
      message = text.b
      micros = Process.clock_gettime(Process::CLOCK_REALTIME, :microsecond)
      @file.write([FRAME, message.bytesize, micros].pack("L>L>Q>") + message)
    end
  end

  class PlainOutput
    def write(text)
      STDOUT.write("#{text.chomp.tr("\n", "\r")}\n")
    end
  end

  # Standard output and error of the function: lines as they end, and what one `puts` writes together.
  class Output
    def initialize(stream, telemetry)
      @stream = stream
      @telemetry = telemetry
      @pending = +""
      @lock = Mutex.new
    end

    def write(*texts)
      bytes = texts.sum { |text| text.to_s.bytesize }
      @lock.synchronize do
        texts.each { |text| @pending << utf8(text) }
        *lines, @pending = @pending.split("\n", -1)
        @pending = +"" if @pending.nil?
        lines.each { |line| emit(line) }
      end
      bytes
    end

    def puts(*values)
      text = values.flatten.map { |value| utf8(value).chomp }.join("\n")
      @lock.synchronize do
        emit(@pending + text)
        @pending = +""
      end
      nil
    end

    def flush
      @lock.synchronize do
        emit(@pending)
        @pending = +""
      end
      self
    end

    def <<(value)
      write(value)
      self
    end

    def print(*values)
      write(*values)
      nil
    end

    def printf(text, *values)
      write(format(text, *values))
      nil
    end

    def sync
      true
    end

    def tty?
      false
    end
    alias isatty tty?

    def respond_to_missing?(name, include_private = false)
      @stream.respond_to?(name, include_private)
    end

    def method_missing(name, *values, **options, &block)
      @stream.respond_to?(name) ? @stream.public_send(name, *values, **options, &block) : super
    end

    private

    def utf8(value)
      value.to_s.encode("UTF-8", invalid: :replace, undef: :replace).scrub("\uFFFD")
    end

    def emit(text)
      @telemetry.write(text) unless text.empty?
    end
  end

  # What loggers write to that would write to standard output.
  class Sink
    def initialize(telemetry)
      @telemetry = telemetry
    end

    def write(text)
      @telemetry.write(text.chomp)
    end

    def close; end
  end

  class TextFormatter < Logger::Formatter
    def call(severity, time, progname, message)
      head = "#{severity[0]}, [#{format_datetime(time)} ##{Process.pid}]"
      format("%s %5s %s -- %s: %s\n", head, severity, LambdaRuntime.request_id, progname, msg2str(message))
    end
  end

  class JsonFormatter < Logger::Formatter
    def call(severity, time, progname, message)
      further = message.is_a?(Exception) ? error(message) : {}
      further[:logger] = progname.to_s unless progname.nil?
      text = message.is_a?(Exception) ? message.message : msg2str(message)
      "#{Logs.line(severity, text, further, time)}\n"
    end

    private

    def error(error)
      {
        errorType: error.class.to_s,
        errorMessage: error.message,
        stackTrace: error.backtrace,
        location: error.backtrace&.first,
      }.compact
    end
  end

  # Loggers of standard output write whole events, which say the request that they belong to.
  module LoggerPatch
    def initialize(logdev = nil, *shift, **options)
      own = [nil, $stdout, $stderr, STDOUT, STDERR].any? { |stream| logdev.equal?(stream) }
      return super unless own

      options[:level] ||= Logs.level
      super(Sink.new(Logs.telemetry), *shift, **options)
      @default_formatter = Logs.json? ? JsonFormatter.new : TextFormatter.new
      @default_formatter.datetime_format = options[:datetime_format]
    end
  end

  module Logs
    class << self
      attr_reader :telemetry

      def install(descriptor)
        @telemetry = descriptor ? Telemetry.new(descriptor) : PlainOutput.new
        STDOUT.sync = true
        $stdout = Output.new(STDOUT, @telemetry)
        $stderr = Output.new(STDERR, @telemetry)
        Logger.prepend(LoggerPatch)
      end

      def json?
        ENV["AWS_LAMBDA_LOG_FORMAT"] == "JSON"
      end

      def level
        names = { "TRACE" => Logger::DEBUG, "FATAL" => Logger::FATAL, "ERROR" => Logger::ERROR,
                  "WARN" => Logger::WARN, "INFO" => Logger::INFO }
        json? ? names.fetch(ENV["AWS_LAMBDA_LOG_LEVEL"], Logger::DEBUG) : Logger::DEBUG
      end

      def line(level, message, further, time = Time.now)
        JSON.generate(
          {
            timestamp: time.getutc.strftime("%Y-%m-%dT%H:%M:%S.%6NZ"),
            level: level,
            message: message,
            requestId: LambdaRuntime.request_id,
            **further,
          }.compact,
        )
      end
    end
  end
end
