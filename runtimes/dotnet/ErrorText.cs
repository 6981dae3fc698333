using System;
using System.IO;
using System.Text.Json;

namespace Local.Runtime
{
    /// <summary>What went wrong, as the Runtime API is told of it.</summary>
    internal static class ErrorText
    {
        private const int DepthMax = 10;

        internal static byte[] Of(Exception cause)
        {
            using (var text = new MemoryStream())
            {
                using (var json = new Utf8JsonWriter(text)) Write(json, cause, 0);
                return text.ToArray();
            }
        }

        private static void Write(Utf8JsonWriter json, Exception cause, int depth)
        {
            json.WriteStartObject();
            json.WriteString("errorType", cause.GetType().Name);
            json.WriteString("errorMessage", cause.Message);
            WriteLines(json, cause.StackTrace ?? "");
            if (cause.InnerException != null && depth < DepthMax)
            {
                json.WritePropertyName("cause");
                Write(json, cause.InnerException, depth + 1);
            }
            if (cause is AggregateException all && depth < DepthMax)
            {
                json.WriteStartArray("causes");
                foreach (var inner in all.InnerExceptions) Write(json, inner, depth + 1);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }

        internal static void WriteLines(Utf8JsonWriter json, string text)
        {
            json.WriteStartArray("stackTrace");
            foreach (var line in text.Split('\n'))
            {
                // What is below the handler is this runtime's own.
                if (line.Contains(" Local.Runtime.")) break;
                if (line.Trim().Length > 0) json.WriteStringValue(line.Trim());
            }
            json.WriteEndArray();
        }
    }
}
