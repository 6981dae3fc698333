using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Text.Json;

namespace Local.Runtime
{
    /// <summary>
    /// Stands for an interface of Amazon.Lambda.Core. That assembly comes with the function, in its version: nothing of
    /// it is known when this runtime is compiled.
    /// </summary>
    public class Facade : DispatchProxy
    {
        private Func<string, Type, object[], object> answer;

        /// <param name="answer">gets the member's name without `get_`, its type, and what it was called with</param>
        internal static object Of(Type type, Func<string, Type, object[], object> answer)
        {
            var create = typeof(DispatchProxy).GetMethods()
                .First(method => method.Name == nameof(Create) && method.IsGenericMethodDefinition);
            var made = create.MakeGenericMethod(type, typeof(Facade)).Invoke(null, null);
            ((Facade)made).answer = answer;
            return made;
        }

        protected override object Invoke(MethodInfo method, object[] arguments)
        {
            var name = method.Name.StartsWith("get_", StringComparison.Ordinal) ? method.Name.Substring(4) : method.Name;
            return answer(name, method.ReturnType, arguments);
        }
    }

    /// <summary>What `ILambdaContext` and the interfaces it leads to are here.</summary>
    internal static class Context
    {
        internal static object Of(Type type, Invocation invocation, Log log) => Facade.Of(type, (name, of, _) =>
        {
            switch (name)
            {
                case "AwsRequestId": return invocation.RequestId;
                case "FunctionName": return Variable("AWS_LAMBDA_FUNCTION_NAME");
                case "FunctionVersion": return Variable("AWS_LAMBDA_FUNCTION_VERSION");
                case "InvokedFunctionArn": return invocation.FunctionArn;
                case "LogGroupName": return Variable("AWS_LAMBDA_LOG_GROUP_NAME");
                case "LogStreamName": return Variable("AWS_LAMBDA_LOG_STREAM_NAME");
                case "MemoryLimitInMB":
                    return int.Parse(Variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), CultureInfo.InvariantCulture);
                case "RemainingTime": return invocation.Remaining;
                case "TraceId": return invocation.TraceId;
                case "TenantId": return invocation.TenantId;
                case "Logger": return Logger(of, log);
                case "Identity": return Identity(of, invocation.Identity);
                case "ClientContext": return Client(of, invocation.ClientContext);
                default: return Nothing(of);
            }
        });

        private static string Variable(string name) => Environment.GetEnvironmentVariable(name);

        private static object Nothing(Type type) =>
            type.IsValueType && type != typeof(void) ? Activator.CreateInstance(type) : null;

        /// <summary>`Log` and `LogLine`, `Log(level, …)` and `LogInformation(…)`, each with an exception or without.</summary>
        private static object Logger(Type type, Log log) => Facade.Of(type, (name, _, arguments) =>
        {
            var rest = arguments.ToList();
            var isNamed = name.Length > 3 && name != "LogLine";
            var level = isNamed ? name.Substring(3) : "Information";
            var texts = rest.TakeWhile(each => each is string || each is Exception || each == null).ToList();
            if (!isNamed && name == "Log" && texts.Count > 1)
            {
                level = (string)texts[0];
                texts.RemoveAt(0);
            }
            var values = rest.LastOrDefault() as object[];
            log.Write(level, Filled(texts.OfType<string>().FirstOrDefault(), values), texts.OfType<Exception>().FirstOrDefault());
            return null;
        });

        /// <summary>A message whose `{names}` take values in turn.</summary>
        internal static string Filled(string text, object[] values)
        {
            if (text == null || values == null || values.Length == 0) return text ?? "";
            var count = 0;
            return System.Text.RegularExpressions.Regex.Replace(text, @"\{@?(\w+)(?:[,:][^}]*)?\}", found =>
            {
                var index = int.TryParse(found.Groups[1].Value, out var position) ? position : count++;
                return index < values.Length ? Convert.ToString(values[index], CultureInfo.InvariantCulture) : found.Value;
            });
        }

        private static object Identity(Type type, string json)
        {
            if (string.IsNullOrEmpty(json)) return null;
            var root = JsonDocument.Parse(json).RootElement;
            return Facade.Of(type, (name, of, _) =>
                name == "IdentityId" ? Text(root, "cognitoIdentityId")
                : name == "IdentityPoolId" ? Text(root, "cognitoIdentityPoolId") : Nothing(of));
        }

        private static object Client(Type type, string json)
        {
            if (string.IsNullOrEmpty(json)) return null;
            var root = JsonDocument.Parse(json).RootElement;
            return Facade.Of(type, (name, of, _) =>
            {
                if (name == "Custom") return Texts(root, "custom");
                if (name == "Environment") return Texts(root, "env");
                if (name != "Client" || !root.TryGetProperty("client", out var client)) return Nothing(of);
                return Facade.Of(of, (field, what, __) => ClientField(client, field) ?? Nothing(what));
            });
        }

        private static object ClientField(JsonElement client, string name)
        {
            switch (name)
            {
                case "AppPackageName": return Text(client, "app_package_name");
                case "AppTitle": return Text(client, "app_title");
                case "AppVersionCode": return Text(client, "app_version_code");
                case "AppVersionName": return Text(client, "app_version_name");
                case "InstallationId": return Text(client, "installation_id");
                default: return null;
            }
        }

        private static string Text(JsonElement of, string name) =>
            of.TryGetProperty(name, out var value) ? value.ToString() : null;

        private static IDictionary<string, string> Texts(JsonElement of, string name)
        {
            var texts = new Dictionary<string, string>();
            if (!of.TryGetProperty(name, out var all) || all.ValueKind != JsonValueKind.Object) return texts;
            foreach (var each in all.EnumerateObject()) texts[each.Name] = each.Value.ToString();
            return texts;
        }
    }
}
