"""Runs the code of one python task. Started by the task host as: python-runner.py TASK_FILE RESULT_FILE

TASK_FILE is JSON: code, args, ctx, non_retryable_exceptions. User text reaches the interpreter as the source to
compile and as data, never as part of other text. The code runs as module __main__ and sees `ctx` and `args`.

The output is: the value, if the code is one expression; else the return value of run(ctx) or run(), if the code
defines it; else the variable `result`, if there is one; else null. A coroutine is awaited.

RESULT_FILE gets one JSON object, `kind` being one of:
  returned   output
  raised     type, message, traceback, retryable
  non_json   message
  too_large  bytes
"""

import json
import os
import sys
import types
import _ast

SOURCE = '<task>'
lines = []  # of the source, for tracebacks
MAX_FRAMES = 50
MAX_TRACEBACK_CHARACTERS = 8_000
# The host measures exactly. This bound (1 MiB, every character written as an escape) only spares it a huge file.
MAX_RESULT_CHARACTERS = 6 * 1_048_576


def main(task_file, result_file):
    with open(task_file, encoding='utf-8') as file:
        task = json.load(file)
    sys.path[0] = os.getcwd()  # instead of the folder of this script
    args = task['args']
    sys.argv = [task['ctx']['task'], *([str(arg) for arg in args] if isinstance(args, list) else [])]
    result, exit_code = run(task)
    with open(result_file, 'w', encoding='ascii') as file:
        file.write(result)
    if exit_code:
        sys.exit(exit_code)


def run(task):
    """The text for RESULT_FILE, and the exit code."""
    try:
        value = evaluate(task['code'], task['ctx'], task['args'])
    except CompileFailed as failed:
        return raised(failed.__cause__, retryable=False)
    except BaseException as error:
        names = set(task['non_retryable_exceptions'])
        return raised(error, retryable=not any(names.intersection(names_of(c)) for c in type(error).__mro__))
    try:
        output = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        where = find_non_json(value)
        return json.dumps({'kind': 'non_json', 'message': where or str(error)}), 1
    if len(output) > MAX_RESULT_CHARACTERS:
        return json.dumps({'kind': 'too_large', 'bytes': len(output)}), 1
    return '{"kind": "returned", "output": ' + output + '}', 0


class CompileFailed(Exception):
    pass


def evaluate(code, ctx, args):
    try:
        tree = compile(code, SOURCE, 'exec', flags=0x400, dont_inherit=True)  # 0x400: PyCF_ONLY_AST
        if len(tree.body) == 1 and isinstance(tree.body[0], _ast.Expr):
            program, is_expression = compile(_ast.Expression(tree.body[0].value), SOURCE, 'eval', dont_inherit=True), True
        else:
            program, is_expression = compile(tree, SOURCE, 'exec', dont_inherit=True), False
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CompileFailed from error
    lines.extend(code.splitlines(keepends=True))
    module = types.ModuleType('__main__')
    namespace = module.__dict__
    namespace.update(ctx=ctx, args=args, __builtins__=__builtins__)
    sys.modules['__main__'] = module
    try:
        if is_expression:
            return awaited(eval(program, namespace))
        exec(program, namespace)
        function = namespace.get('run')
        if callable(function):
            return awaited(function(ctx) if takes_argument(function) else function())
    except SystemExit as ending:
        if ending.code not in (None, 0):
            raise ExitWith(ending.code)
    return namespace.get('result')


class ExitWith(BaseException):
    """The code asked for an exit code other than 0; main must not report it as an exception."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def takes_argument(function):
    code = getattr(function, '__code__', None)
    if code is not None and not hasattr(function, '__wrapped__'):
        positional = code.co_argcount - (1 if hasattr(function, '__self__') else 0)
        return positional > 0 or bool(code.co_flags & 0x04)  # 0x04: *args
    import inspect

    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    except ValueError:  # no signature known
        return True
    return True


def awaited(value):
    if not isinstance(value, types.CoroutineType):
        return value
    import asyncio

    return asyncio.run(value)


def names_of(kind):
    """The names by which non_retryable_exceptions may mean a class: short and full."""
    return {kind.__name__, kind.__qualname__, kind.__module__ + '.' + kind.__qualname__}


def raised(error, retryable):
    if isinstance(error, ExitWith):
        code = error.code if isinstance(error.code, int) else 1
        if not isinstance(error.code, int):
            print(error.code, file=sys.stderr)
        return json.dumps({'kind': 'exited'}), code & 0xFF or 1
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ in ('builtins', '__main__') else kind.__module__ + '.' + kind.__qualname__
    try:
        message = str(error)
    except Exception:
        message = '(its text could not be made)'
    trace = trace_of(error)
    print(trace, file=sys.stderr)
    report = {'kind': 'raised', 'type': name, 'message': message[:4_000], 'traceback': trace, 'retryable': retryable}
    return json.dumps(report), 1


def trace_of(error):
    """The traceback from the user's first frame on, with source lines, capped in the middle."""
    import linecache
    import traceback

    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename == __file__:
        frame = frame.tb_next
    try:
        linecache.cache[SOURCE] = (len(lines), None, lines, SOURCE)
        text = ''.join(traceback.format_exception(type(error), error, frame, limit=-MAX_FRAMES)).rstrip()
    except Exception:
        text = type(error).__name__
    half = MAX_TRACEBACK_CHARACTERS // 2
    return text if len(text) <= 2 * half else text[:half] + '\n[...]\n' + text[-half:]


def find_non_json(value):
    """Says where the first thing is that JSON cannot hold; None when it is not found quickly."""
    pending = [('the value', value)]
    seen = set()
    while pending and len(seen) < 100_000:
        path, item = pending.pop()
        if isinstance(item, (dict, list, tuple)):
            if id(item) in seen:
                continue
            seen.add(id(item))
        if isinstance(item, dict):
            for key, inner in item.items():
                if key is not None and not isinstance(key, (str, int, float)):
                    return f'{path} has a key of type {type(key).__name__}'
                pending.append((f'{path}[{key!r}]', inner))
        elif isinstance(item, (list, tuple)):
            pending.extend((f'{path}[{index}]', inner) for index, inner in enumerate(item))
        elif isinstance(item, float):
            if item != item or item in (float('inf'), float('-inf')):
                return f'{path} is {item}, which JSON has no number for'
        elif item is not None and not isinstance(item, (str, int, bool)):
            return f'{path} is of type {type(item).__name__}'
    return None


if __name__ == '__main__':
    runner = sys.modules['__main__']  # kept alive: user code takes its place
    main(sys.argv[1], sys.argv[2])
