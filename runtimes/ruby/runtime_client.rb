# frozen_string_literal: true

require "json"
require "socket"

module LambdaRuntime
  # HTTP/1.1 over one connection: what is needed of it is little, and the library is slow to load.
  class RuntimeClient
    VERSION = "/2018-06-01/runtime"

    def initialize(address)
      host, _, port = address.rpartition(":")
      @address = address
      @socket = TCPSocket.new(host, Integer(port))
      @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
      @socket.binmode
    end

    # Headers by their names in small letters, and the body.
    def next
      send_request("GET", "/invocation/next")
      answer
    end

    def respond(request_id, body, content_type)
      send_request("POST", "/invocation/#{request_id}/response", { "content-type" => content_type }, body)
      answer
    end

    def fail(path, failure)
      headers = {
        "content-type" => "application/json",
        "lambda-runtime-function-error-type" => failure.platform_type.gsub(/[^ -~]/, "?")[0, 1024],
      }
      send_request("POST", path, headers, JSON.generate(failure.to_h))
      answer
    end

    private

    def send_request(method, path, headers = {}, body = nil)
      headers = headers.merge("content-length" => body.bytesize) if body
      lines = ["#{method} #{VERSION}#{path} HTTP/1.1", "host: #{@address}"]
      headers.each { |name, value| lines << "#{name}: #{value}" }
      @socket.write("#{lines.join("\r\n")}\r\n\r\n".b, body.to_s.b)
    rescue SystemCallError
      leave
    end

    def answer
      leave if @socket.gets("\r\n").nil?
      headers = {}
      while (line = @socket.gets("\r\n")) && line != "\r\n"
        name, _, value = line.partition(":")
        headers[name.downcase] = value.strip.force_encoding("UTF-8")
      end
      [headers, @socket.read(headers["content-length"].to_i).to_s.force_encoding("UTF-8")]
    rescue SystemCallError
      leave
    end

    # Without its Runtime API there is nothing left to do.
    def leave
      Process.exit!(1)
    end
  end
end
