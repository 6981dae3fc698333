using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Local.Runtime
{
    /// <summary>
    /// The function's log: what it writes to its console, and what it logs. Where the environment takes messages, one
    /// of many lines stays one event.
    /// </summary>
    public sealed class Log
    {
        private const uint Frame = 0xa55a0003;
        private static readonly string[] Levels =
            { "Trace", "Debug", "Information", "Warning", "Error", "Critical" };
        private static readonly string[] Labels = { "trce", "dbug", "info", "warn", "fail", "crit" };

        private readonly object gate = new object();
        private readonly Stream messages;
        private readonly Stream lines = Console.OpenStandardOutput();
        private readonly bool isJson = Setting("AWS_LAMBDA_LOG_FORMAT") == "JSON";
        private readonly bool isBare = Setting("AWS_LAMBDA_HANDLER_LOG_FORMAT") == "Unformatted";
        private readonly int least = Math.Max(
            LevelOf(Setting("AWS_LAMBDA_LOG_LEVEL")), LevelOf(Setting("AWS_LAMBDA_HANDLER_LOG_LEVEL")));
        private ConsoleLines output;
        private ConsoleLines errors;

        private Log()
        {
            var descriptor = Setting("_LAMBDA_TELEMETRY_LOG_FD");
            if (descriptor == null) return;
            Environment.SetEnvironmentVariable("_LAMBDA_TELEMETRY_LOG_FD", null);
            var handle = new SafeFileHandle(new IntPtr(int.Parse(descriptor, CultureInfo.InvariantCulture)), false);
            messages = new FileStream(handle, FileAccess.Write, 1);
        }

        internal string RequestId { get; set; }
        internal string TraceId { get; set; }

        internal static Log Begin()
        {
            var log = new Log();
            log.output = new ConsoleLines(text => log.Write("Information", text, null));
            log.errors = new ConsoleLines(text => log.Write("Error", text, null));
            Console.SetOut(log.output);
            Console.SetError(log.errors);
            return log;
        }

        internal void Flush()
        {
            output.EndLine();
            errors.EndLine();
        }

        internal void Failure(Exception cause)
        {
            Flush();
            if (isJson) Write("Error", "", cause);
            else Write("Error", cause.ToString(), null);
        }

        /// <param name="level">as Lambda's logger names it, in any case</param>
        public void Write(string level, string text, Exception cause)
        {
            var index = LevelOf(level);
            if (index < least) return;
            Emit(isJson ? Json(index, text, cause) : Plain(index, text, cause));
        }

        private string Plain(int level, string text, Exception cause)
        {
            var whole = cause == null ? text : text + "\n" + cause;
            return isBare ? whole : string.Join("\t", Now(), RequestId, Labels[level], whole);
        }

        private string Json(int level, string text, Exception cause)
        {
            using (var bytes = new MemoryStream())
            {
                using (var json = new Utf8JsonWriter(bytes))
                {
                    json.WriteStartObject();
                    json.WriteString("timestamp", Now());
                    json.WriteString("level", Levels[level]);
                    if (RequestId != null) json.WriteString("requestId", RequestId);
                    if (TraceId != null) json.WriteString("traceId", TraceId);
                    json.WriteString("message", text);
                    if (cause != null)
                    {
                        json.WriteString("errorType", cause.GetType().FullName);
                        json.WriteString("errorMessage", cause.Message);
                        ErrorText.WriteLines(json, cause.ToString());
                    }
                    json.WriteEndObject();
                }
                return Encoding.UTF8.GetString(bytes.ToArray());
            }
        }

        private void Emit(string text)
        {
            lock (gate)
            {
                if (messages == null)
                {
                    var line = Encoding.UTF8.GetBytes(text.TrimEnd('\n').Replace('\n', '\r') + "\n");
                    lines.Write(line, 0, line.Length);
                    lines.Flush();
                    return;
                }
                var message = Encoding.UTF8.GetBytes(text);
                var frame = new byte[16 + message.Length];
                BinaryPrimitives.WriteUInt32BigEndian(frame, Frame);
                BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)message.Length);
                var micros = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000;
                BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(8), micros);
                message.CopyTo(frame, 16);
                messages.Write(frame, 0, frame.Length);
                messages.Flush();
            }
        }

        private static string Now() =>
            DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

        private static string Setting(string name) => Environment.GetEnvironmentVariable(name);

        /// <summary>Lambda's own names (`INFO`), and those of .NET (`Information`).</summary>
        private static int LevelOf(string name)
        {
            switch ((name ?? "").ToUpperInvariant())
            {
                case "DEBUG": return 1;
                case "INFO": case "INFORMATION": return 2;
                case "WARN": case "WARNING": return 3;
                case "ERROR": return 4;
                case "FATAL": case "CRITICAL": return 5;
                default: return 0;
            }
        }
    }

    /// <summary>A console whose lines are events: what is written by one call stays together.</summary>
    internal sealed class ConsoleLines : TextWriter
    {
        private readonly Action<string> emit;
        private readonly StringBuilder pending = new StringBuilder();

        internal ConsoleLines(Action<string> emit)
        {
            this.emit = emit;
        }

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value)
        {
            if (value == '\n') EndLine();
            else if (value != '\r') pending.Append(value);
        }

        public override void WriteLine(string value)
        {
            pending.Append(value);
            EndLine();
        }

        internal void EndLine()
        {
            if (pending.Length == 0) return;
            var text = pending.ToString();
            pending.Clear();
            emit(text);
        }
    }
}
