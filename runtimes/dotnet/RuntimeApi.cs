using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Text;

namespace Local.Runtime
{
    /// <summary>One event, with what its headers say of it.</summary>
    public sealed class Invocation
    {
        private readonly IReadOnlyDictionary<string, string> headers;

        internal Invocation(IReadOnlyDictionary<string, string> headers, byte[] body)
        {
            this.headers = headers;
            Event = body;
        }

        public byte[] Event { get; }
        public string RequestId => Header("aws-request-id");
        public string TraceId => Header("trace-id");
        public string FunctionArn => Header("invoked-function-arn");
        public string ClientContext => Header("client-context");
        public string Identity => Header("cognito-identity");
        public string TenantId => Header("aws-tenant-id");

        public TimeSpan Remaining
        {
            get
            {
                var deadline = long.Parse(Header("deadline-ms"), CultureInfo.InvariantCulture);
                return DateTimeOffset.FromUnixTimeMilliseconds(deadline) - DateTimeOffset.UtcNow;
            }
        }

        private string Header(string name) =>
            headers.TryGetValue("lambda-runtime-" + name, out var value) ? value : null;
    }

    /// <summary>Speaks HTTP/1.1 with the Runtime API over one connection. Answers have a length.</summary>
    internal sealed class RuntimeApi
    {
        private const string Root = "/2018-06-01/runtime";

        private readonly string host;
        private readonly Stream stream;
        private readonly BufferedStream input;

        internal RuntimeApi(string address)
        {
            host = address;
            var colon = address.LastIndexOf(':');
            var port = int.Parse(address.Substring(colon + 1), CultureInfo.InvariantCulture);
            var client = new TcpClient(address.Substring(0, colon), port) { NoDelay = true };
            stream = client.GetStream();
            input = new BufferedStream(stream, 65536);
        }

        internal Invocation Next()
        {
            Send("GET", "/invocation/next", null, null);
            var body = Answer(out var headers);
            return new Invocation(headers, body);
        }

        internal void Respond(string requestId, byte[] body)
        {
            Send("POST", "/invocation/" + requestId + "/response", body, null);
            Answer(out _);
        }

        internal void Fail(string requestId, Exception cause)
        {
            Send("POST", "/invocation/" + requestId + "/error", ErrorText.Of(cause), cause.GetType().Name);
            Answer(out _);
        }

        internal void FailInit(Exception cause)
        {
            Send("POST", "/init/error", ErrorText.Of(cause), cause.GetType().Name);
            Answer(out _);
        }

        private void Send(string method, string path, byte[] body, string errorType)
        {
            var head = new StringBuilder();
            head.Append(method).Append(' ').Append(Root).Append(path).Append(" HTTP/1.1\r\nhost: ").Append(host);
            if (errorType != null) head.Append("\r\nlambda-runtime-function-error-type: ").Append(errorType);
            if (body != null) head.Append("\r\ncontent-type: application/json\r\ncontent-length: ").Append(body.Length);
            var text = Encoding.ASCII.GetBytes(head.Append("\r\n\r\n").ToString());
            stream.Write(text, 0, text.Length);
            if (body != null) stream.Write(body, 0, body.Length);
            stream.Flush();
        }

        private byte[] Answer(out Dictionary<string, string> headers)
        {
            headers = new Dictionary<string, string>();
            Line();
            for (var line = Line(); line.Length > 0; line = Line())
            {
                var colon = line.IndexOf(':');
                headers[line.Substring(0, colon).ToLowerInvariant()] = line.Substring(colon + 1).Trim();
            }
            var length = headers.TryGetValue("content-length", out var text) ? int.Parse(text) : 0;
            var body = new byte[length];
            for (var at = 0; at < length;)
            {
                var count = input.Read(body, at, length - at);
                if (count == 0) Gone();
                at += count;
            }
            return body;
        }

        private string Line()
        {
            var line = new List<byte>();
            for (var next = input.ReadByte(); next != '\n'; next = input.ReadByte())
            {
                if (next < 0) Gone();
                if (next != '\r') line.Add((byte)next);
            }
            return Encoding.UTF8.GetString(line.ToArray());
        }

        /// <summary>Without its Runtime API there is nothing left to do.</summary>
        private static void Gone() => Environment.Exit(1);
    }
}
