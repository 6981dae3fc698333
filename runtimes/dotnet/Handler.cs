using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Threading.Tasks;

namespace Local.Runtime
{
    /// <summary>A handler that can't be what it is said to be.</summary>
    public sealed class LambdaValidationException : Exception
    {
        public LambdaValidationException(string message) : base(message) { }
    }

    /// <summary>The method that takes events, and what reads and writes its types.</summary>
    internal sealed class Handler
    {
        private const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic
            | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        private const string Attribute = "Amazon.Lambda.Core.LambdaSerializerAttribute";
        private const string ContextType = "Amazon.Lambda.Core.ILambdaContext";

        private readonly MethodInfo method;
        private readonly object target;
        private readonly object serializer;
        private readonly Type serializing;
        private readonly Log log;

        private Handler(MethodInfo method, object target, object serializer, Log log)
        {
            this.method = method;
            this.target = target;
            this.serializer = serializer;
            this.log = log;
            serializing = serializer?.GetType().GetInterface("Amazon.Lambda.Core.ILambdaSerializer");
        }

        /// <param name="text">`Assembly::Namespace.Type::Method`</param>
        internal static Handler Find(string text, Log log)
        {
            var parts = text.Split(new[] { "::" }, StringSplitOptions.None);
            if (parts.Length != 3 || parts.Any(part => part.Trim().Length == 0))
            {
                throw Invalid($"Invalid lambda function handler: '{text}'. The valid format is 'ASSEMBLY::TYPE::METHOD'.");
            }
            AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) => TakeLogger(loaded.LoadedAssembly, log);
            AssemblyLoadContext.Default.Resolving += Beside;
            var assembly = Load(parts[0]);
            var type = assembly.GetType(parts[1])
                ?? throw Invalid($"Unable to load type '{parts[1]}' from assembly '{parts[0]}'.");
            var method = MethodOf(type, parts);
            Require(type, method);
            object target = null;
            if (method.IsStatic) RuntimeHelpers.RunClassConstructor(type.TypeHandle);
            else target = Activator.CreateInstance(type, BindingFlags.DoNotWrapExceptions, null, null, null);
            return new Handler(method, target, Serializer(method, assembly), log);
        }

        private static Assembly Load(string name)
        {
            try
            {
                return AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName(name));
            }
            catch (FileNotFoundException missing)
            {
                throw Invalid($"Could not find the specified handler assembly with the file name '{missing.FileName}'. "
                    + "The assembly should be located in the root of your uploaded .zip file.");
            }
            catch (Exception cause)
            {
                log(cause);
                throw Invalid($"Unable to load assembly '{name}'.");
            }

            void log(Exception cause) => Console.Error.WriteLine(cause);
        }

        /// <summary>Assemblies that the list of dependencies does not name.</summary>
        private static Assembly Beside(AssemblyLoadContext loader, AssemblyName name)
        {
            var root = Environment.GetEnvironmentVariable("LAMBDA_TASK_ROOT") ?? "/var/task";
            var path = Path.Combine(root, name.Name + ".dll");
            return File.Exists(path) ? loader.LoadFromAssemblyPath(path) : null;
        }

        private static MethodInfo MethodOf(Type type, string[] parts)
        {
            for (var at = type; at != null; at = at.BaseType)
            {
                // By its name, or where there are several by its whole signature.
                var found = at.GetMethods(Any).Where(each => each.Name == parts[2] || each.ToString() == parts[2]).ToList();
                if (found.Count == 1) return found[0];
                if (found.Count == 0) continue;
                throw Invalid($"The method '{parts[2]}' in type '{type.FullName}' appears to have a number of overloads. "
                    + "To call this method please specify a complete method signature. Possible candidates are:\n"
                    + string.Join("\n", found) + ".");
            }
            throw Invalid($"Unable to find method '{parts[2]}' in type '{parts[1]}' from assembly '{parts[0]}': "
                + $"Found no methods matching method name '{parts[2]}'.");
        }

        private static void Require(Type type, MethodInfo method)
        {
            var parameters = method.GetParameters();
            if (type.IsGenericType)
            {
                throw Invalid($"The type '{type}' cannot be used as a Lambda Handler type because it is generic. "
                    + "Handler methods cannot be located in generic types. Please specify a handler method in a "
                    + "non-generic type.");
            }
            if (type.IsAbstract && !method.IsStatic)
            {
                throw Invalid($"The instance method '{method}' cannot be used as a Lambda Handler because its type "
                    + $"'{type}' is abstract. Please either use a static handler or specify a type that is not abstract.");
            }
            if (method.IsGenericMethod)
            {
                throw Invalid($"The method '{method}' cannot be used as a Lambda Handler because it is a generic method. "
                    + "Handler methods cannot be generic. Please specify a non-generic handler method.");
            }
            if (method.ReturnType == typeof(void) && method.GetCustomAttribute<AsyncStateMachineAttribute>() != null)
            {
                throw Invalid($"The method '{method}' cannot be used as a Lambda Handler because it is an 'async void' "
                    + "method. Handler methods cannot be 'async void'. Please specify a method that is not 'async void'.");
            }
            if (parameters.Length > 2)
            {
                throw Invalid($"Method '{method.Name}' of type '{type.FullName}' is not supported: the method has more "
                    + "than 2 parameters.");
            }
            if (parameters.Length == 2 && !IsContext(parameters[1].ParameterType))
            {
                throw Invalid($"Method '{method.Name}' of type '{type.FullName}' is not supported: the method has 2 "
                    + $"parameters, but the second parameter is not of type '{ContextType}'.");
            }
        }

        /// <summary>Named by the method, or by its assembly.</summary>
        private static object Serializer(MethodInfo method, Assembly assembly)
        {
            var attribute = method.GetCustomAttributes().Concat(assembly.GetCustomAttributes())
                .FirstOrDefault(each => each.GetType().FullName == Attribute);
            if (attribute == null) return null;
            var type = (Type)attribute.GetType().GetProperty("SerializerType").GetValue(attribute);
            return Activator.CreateInstance(type, BindingFlags.DoNotWrapExceptions, null, null, null);
        }

        internal async Task<byte[]> Handle(Stream input, Invocation invocation)
        {
            var arguments = method.GetParameters().Select(each =>
                IsContext(each.ParameterType) ? Context.Of(each.ParameterType, invocation, log)
                : Read(each.ParameterType, input)).ToArray();
            var result = method.Invoke(target, BindingFlags.DoNotWrapExceptions, null, arguments, null);
            var type = method.ReturnType;
            if (result is Task task)
            {
                await task;
                var value = type.GetProperty("Result");
                type = value?.PropertyType ?? typeof(void);
                result = value?.GetValue(task);
            }
            var output = new MemoryStream();
            if (result is Stream stream) await stream.CopyToAsync(output);
            else if (type != typeof(void)) Write(type, result, output);
            return output.ToArray();
        }

        private object Read(Type type, Stream input)
        {
            if (type == typeof(Stream)) return input;
            return Call("Deserialize", type, "deserialize input", input);
        }

        private void Write(Type type, object value, Stream output)
        {
            if (typeof(Stream).IsAssignableFrom(type)) return;
            Call("Serialize", type, "serialize output", value, output);
        }

        private object Call(string name, Type type, string doing, params object[] arguments)
        {
            if (serializing == null)
            {
                throw Invalid("Could not find the LambdaSerializerAttribute on the assembly "
                    + $"'{method.DeclaringType.Assembly.GetName().Name}' or method '{method.Name}' while attempting to "
                    + $"{doing} data of type '{type.FullName}'. To use types other than System.IO.Stream as input/output "
                    + $"parameters, the assembly or Lambda function should be annotated with {Attribute}.");
            }
            return serializing.GetMethod(name).MakeGenericMethod(type)
                .Invoke(serializer, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        }

        /// <summary>`LambdaLogger.Log` writes where it is told to.</summary>
        private static void TakeLogger(Assembly loaded, Log log)
        {
            if (loaded.GetName().Name != "Amazon.Lambda.Core") return;
            var logger = loaded.GetType("Amazon.Lambda.Core.LambdaLogger");
            void Set(string name, object action)
            {
                var field = logger?.GetField(name, BindingFlags.NonPublic | BindingFlags.Static);
                if (field != null && field.FieldType.IsInstanceOfType(action)) field.SetValue(null, action);
            }
            Set("_loggingAction", new Action<string>(text => log.Write("Information", text.TrimEnd('\n'), null)));
            Set("_loggingWithLevelAction", new Action<string, string, object[]>((level, text, values) =>
                log.Write(level, Context.Filled(text, values), null)));
            Set("_loggingWithLevelAndExceptionAction", new Action<string, Exception, string, object[]>(
                (level, cause, text, values) => log.Write(level, Context.Filled(text, values), cause)));
        }

        private static bool IsContext(Type type) => type.FullName == ContextType;

        private static Exception Invalid(string message) => new LambdaValidationException(message);
    }
}
