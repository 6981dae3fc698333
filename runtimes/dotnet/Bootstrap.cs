using System;
using System.IO;
using System.Threading.Tasks;

namespace Local.Runtime
{
    /// <summary>
    /// Lambda's .NET runtime for class libraries: loads the handler, then takes events from the Runtime API one by one.
    /// Programs bring a runtime of their own.
    /// </summary>
    public static class Bootstrap
    {
        public static async Task<int> Main(string[] arguments)
        {
            var log = Log.Begin();
            var api = new RuntimeApi(Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API"));
            Handler handler;
            try
            {
                handler = Handler.Find(arguments.Length > 0 ? arguments[0] : "", log);
            }
            catch (Exception cause)
            {
                log.Failure(cause);
                api.FailInit(cause);
                return 1;
            }
            while (true) await HandleNext(api, handler, log);
        }

        private static async Task HandleNext(RuntimeApi api, Handler handler, Log log)
        {
            var invocation = api.Next();
            log.RequestId = invocation.RequestId;
            log.TraceId = invocation.TraceId;
            Environment.SetEnvironmentVariable("_X_AMZN_TRACE_ID", invocation.TraceId);
            try
            {
                var answer = await handler.Handle(new MemoryStream(invocation.Event), invocation);
                log.Flush();
                api.Respond(invocation.RequestId, answer);
            }
            catch (Exception cause)
            {
                log.Failure(cause);
                api.Fail(invocation.RequestId, cause);
            }
        }
    }
}
