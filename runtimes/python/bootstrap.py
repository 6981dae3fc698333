"""Lambda's Python runtime: loads the handler, then takes events from the Runtime API one by one."""

import os
import sys

# The script's own folder is not the function's.
sys.path.pop(0)

# Without `site` no packages of this machine are seen; what else it brings is this.
import _sitebuiltins
import builtins

builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")

import json
import logging
import socket
import struct
import time
import traceback

ROOT = os.environ["LAMBDA_TASK_ROOT"]
FORMAT = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "Text")
LEVEL = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")
VERSION = "/2018-06-01/runtime"
FRAME = 0xA55A0003


class RuntimeClient:
    """HTTP/1.1 over one connection: what is needed of it is little, and the library is slow to load."""

    def __init__(self, address, channel):
        self.host = address
        meant, _, descriptors = channel.partition(" ")
        source, sink = open_channel(descriptors) if meant == address else (None, None)
        if source is None:
            host, _, port = address.rpartition(":")
            source = sink = socket.create_connection((host, int(port)))
            sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sink = sink
        self.reader = source.makefile("rb", buffering=65536)

    def request(self, method, path, headers=(), body=None):
        lines = ["%s %s%s HTTP/1.1" % (method, VERSION, path), "host: " + self.host]
        lines += ["%s: %s" % pair for pair in headers]
        if body is not None:
            lines.append("content-length: %d" % len(body))
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + (body or b"")

    def send(self, *request):
        self.sink.sendall(self.request(*request))

    def answer(self):
        status = self.reader.readline()
        if not status:
            # Without its Runtime API there is nothing left to do.
            os._exit(1)
        headers = {}
        for line in iter(self.reader.readline, b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return headers, self.reader.read(int(headers.get("content-length", 0)))

    def next(self):
        self.send("GET", "/invocation/next")
        return self.answer()

    def restore(self):
        """A snapshot may be taken now; what comes after it goes on from there."""
        self.send("GET", "/restore/next")
        self.answer()

    def respond_and_next(self, request_id, body, content_type):
        """Answers, and asks for the next event: one write for both."""
        path = "/invocation/%s/response" % request_id
        response = self.request("POST", path, [("content-type", content_type)], body)
        self.sink.sendall(response + self.request("GET", "/invocation/next"))
        self.answer()
        return self.answer()

    def fail(self, path, error):
        kind = "".join(c if " " <= c <= "~" else "?" for c in str(error["errorType"]))[:1024]
        headers = [("content-type", "application/json"), ("lambda-runtime-function-error-type", kind)]
        self.send("POST", path, headers, json.dumps(error).encode())
        self.answer()


def open_channel(descriptors):
    """The runtime's own way to the Runtime API, if it has come through whatever has started this process."""
    try:
        source, sink = descriptors.split(" ")
        return socket.socket(fileno=int(source)), socket.socket(fileno=int(sink))
    except (OSError, ValueError):
        return None, None


class Telemetry:
    """Where messages of many lines stay one event of the log."""

    MASKS = {"TRACE": 4, "DEBUG": 8, "INFO": 12, "WARN": 16, "WARNING": 16, "ERROR": 20, "CRITICAL": 24, "FATAL": 24}

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def write(self, text, level=""):
        message = text.encode("utf-8", "replace")
        header = struct.pack(">IIQ", FRAME | self.MASKS.get(level, 0), len(message), int(time.time() * 1000000))
        data = header + message
        while data:
            data = data[os.write(self.descriptor, data) :]


class PlainOutput:
    def write(self, text, level=""):
        sys.stdout.write(text.replace("\n", "\r").rstrip("\r") + "\n")
        sys.stdout.flush()


class Output:
    """Standard output and error of the function, line by line, in order with what it logs."""

    def __init__(self, stream, telemetry):
        self.stream = stream
        self.telemetry = telemetry
        self.pending = ""
        self.encoding = "utf-8"
        self.errors = "replace"

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not " + type(text).__name__)
        *lines, self.pending = (self.pending + text).split("\n")
        for line in lines:
            if line:
                self.telemetry.write(line)
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        if self.pending:
            pending, self.pending = self.pending, ""
            self.telemetry.write(pending)

    def __getattr__(self, name):
        return getattr(self.stream, name)


class CognitoIdentity:
    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]

    def __init__(self, fields):
        self.cognito_identity_id = fields.get("cognitoIdentityId")
        self.cognito_identity_pool_id = fields.get("cognitoIdentityPoolId")


class Client:
    NAMES = ["installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"]

    def __init__(self, fields):
        for name in self.NAMES:
            setattr(self, name, fields.get(name))


class ClientContext:
    def __init__(self, fields):
        self.custom = fields.get("custom")
        self.env = fields.get("env")
        self.client = Client(fields["client"]) if isinstance(fields.get("client"), dict) else None


class LambdaContext:
    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.client_context = None
        if headers.get("lambda-runtime-client-context"):
            self.client_context = ClientContext(json.loads(headers["lambda-runtime-client-context"]))
        self.identity = CognitoIdentity(json.loads(headers.get("lambda-runtime-cognito-identity") or "{}"))
        self._deadline = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message):
        for stream in (sys.stdout,):
            stream.write(str(message))
            stream.flush()


class Current:
    request_id = None
    tenant_id = None


class TextFormatter(logging.Formatter):
    converter = time.gmtime

    def __init__(self):
        super().__init__("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")


class JsonFormatter(logging.Formatter):
    converter = time.gmtime
    OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id", "tenant_id"}

    def format(self, record):
        line = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            kind, error, trace = record.exc_info
            line["stackTrace"] = traceback.format_tb(trace) if trace else None
            line["errorType"] = kind.__name__ if kind else None
            line["errorMessage"] = str(error)
            line["location"] = "%s:%s:%s" % (record.pathname, record.funcName, record.lineno)
        if Current.request_id is not None:
            line["requestId"] = Current.request_id
        if Current.tenant_id is not None:
            line["tenantId"] = Current.tenant_id
        for key, value in vars(record).items():
            if key not in self.OWN and key not in line:
                line[key] = value
        return json.dumps(line, default=str, ensure_ascii=False)


class LambdaHandler(logging.Handler):
    def __init__(self, telemetry):
        super().__init__()
        self.telemetry = telemetry

    def emit(self, record):
        record.aws_request_id = Current.request_id
        try:
            self.telemetry.write(self.format(record), record.levelname)
        except Exception:
            self.handleError(record)


def set_up_logging(telemetry):
    handler = LambdaHandler(telemetry)
    handler.setFormatter(JsonFormatter() if FORMAT == "JSON" else TextFormatter())
    logger = logging.getLogger()
    logger.addHandler(handler)
    levels = {"TRACE": 5, "WARN": logging.WARNING, "FATAL": logging.CRITICAL}
    if FORMAT == "JSON" and LEVEL:
        logger.setLevel(levels.get(LEVEL) or getattr(logging, LEVEL, logging.INFO))


class RuntimeFault(Exception):
    """An error under a name of Lambda's."""

    def __init__(self, name, message, trace):
        super().__init__(message)
        self.error = {"errorMessage": message, "errorType": name, "requestId": "", "stackTrace": trace}


def load_handler(name):
    parts = name.rsplit(".", 1)
    if len(parts) != 2:
        message = "Bad handler '%s': not enough values to unpack (expected 2, got %d)" % (name, len(parts))
        raise RuntimeFault("Runtime.MalformedHandlerName", message, [])
    module_name, function_name = parts
    import importlib

    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = "Unable to import module '%s': %s" % (module_name, error)
        raise RuntimeFault("Runtime.ImportModuleError", message, [])
    except SyntaxError as error:
        trace = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)]
        message = "Syntax error in module '%s': %s" % (module_name, error)
        raise RuntimeFault("Runtime.UserCodeSyntaxError", message, trace)
    if not hasattr(module, function_name):
        message = "Handler '%s' missing on module '%s'" % (function_name, module_name)
        raise RuntimeFault("Runtime.HandlerNotFound", message, [])
    return getattr(module, function_name)


def describe(error, request_id, frames_to_skip=1):
    trace = traceback.format_list(traceback.extract_tb(error.__traceback__)[frames_to_skip:])
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": trace,
    }


def log_error(telemetry, error):
    if FORMAT == "JSON":
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "log_level": "ERROR",
            "level": "ERROR",
            "errorMessage": error["errorMessage"],
            "errorType": error["errorType"],
            "requestId": error.get("requestId") or "",
            "stackTrace": error["stackTrace"],
        }
        telemetry.write(json.dumps(line), "ERROR")
        return
    text = "[ERROR] %s: %s" % (error["errorType"], error["errorMessage"])
    if error["stackTrace"]:
        text += "\nTraceback (most recent call last):\n" + "".join(error["stackTrace"]).rstrip("\n")
    telemetry.write(text, "ERROR")


def to_json(value):
    def default(item):
        import decimal

        if isinstance(item, decimal.Decimal):
            return float(item)
        raise TypeError("Object of type %s is not JSON serializable" % type(item).__name__)

    return json.dumps(value, ensure_ascii=False, default=default)


def handle(handler, client, telemetry, headers, body):
    request_id = headers["lambda-runtime-aws-request-id"]
    Current.request_id = request_id
    Current.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
    if headers.get("lambda-runtime-trace-id"):
        os.environ["_X_AMZN_TRACE_ID"] = headers["lambda-runtime-trace-id"]
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    error = None
    try:
        try:
            event = json.loads(body)
        except ValueError as cause:
            message = "Unable to unmarshal input: %s" % cause
            raise RuntimeFault("Runtime.UnmarshalError", message, [])
        result = handler(event, LambdaContext(headers))
        if isinstance(result, (bytes, bytearray)):
            answer, content_type = bytes(result), "application/octet-stream"
        else:
            content_type = "application/json"
            try:
                answer = to_json(result).encode("utf-8", "surrogatepass")
            except (TypeError, ValueError) as cause:
                message = "Unable to marshal response: %s" % cause
                raise RuntimeFault("Runtime.MarshalError", message, [])
    except RuntimeFault as fault:
        error = dict(fault.error, requestId=request_id)
    except Exception as cause:
        error = describe(cause, request_id)
    sys.stdout.flush()
    sys.stderr.flush()
    if error is None:
        return client.respond_and_next(request_id, answer, content_type)
    log_error(telemetry, error)
    client.fail("/invocation/%s/error" % request_id, error)
    return client.next()


def take_snapshot(client, telemetry):
    """What the function has registered is done around it: before in reverse order, after in order."""
    hooks = sys.modules.get("snapshot_restore_py")
    phase = "/init/error"
    try:
        for function, args, kwargs in reversed(hooks.get_before_snapshot() if hooks else []):
            function(*args, **kwargs)
        client.restore()
        phase = "/restore/error"
        for function, args, kwargs in hooks.get_after_restore() if hooks else []:
            function(*args, **kwargs)
    except Exception as cause:
        error = describe(cause, "")
        log_error(telemetry, error)
        client.fail(phase, error)
        sys.exit(1)


def main():
    channel = os.environ.pop("_LAMBDA_RUNTIME_API_CHANNEL", "")
    client = RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"], channel)
    descriptor = os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)
    telemetry = PlainOutput() if descriptor is None else Telemetry(int(descriptor))
    if descriptor is not None:
        sys.stdout = Output(sys.stdout, telemetry)
        sys.stderr = Output(sys.stderr, telemetry)
    set_up_logging(telemetry)
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except RuntimeFault as fault:
        log_error(telemetry, fault.error)
        client.fail("/init/error", fault.error)
        sys.exit(1)
    except Exception as cause:
        error = describe(cause, "", frames_to_skip=2)
        log_error(telemetry, error)
        client.fail("/init/error", error)
        sys.exit(1)
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        take_snapshot(client, telemetry)
    headers, body = client.next()
    while True:
        headers, body = handle(handler, client, telemetry, headers, body)


main()
