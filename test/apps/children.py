"""A WSGI application that starts child processes in every way that Python offers."""

import concurrent.futures
import json
import multiprocessing
import os
import subprocess
import sys
import time

TEXT = [("Content-Type", "text/plain")]


def application(environ, start_response):
    answer = globals()["do_" + environ["PATH_INFO"].strip("/")]
    return answer(environ, start_response)


def reply(start_response, value):
    start_response("200 OK", list(TEXT))
    return [json.dumps(value).encode()]


def do_token(environ, start_response):
    time.sleep(0.001)
    return reply(start_response, environ["QUERY_STRING"])


def do_pid(environ, start_response):
    return reply(start_response, os.getpid())


def do_body(environ, start_response):
    return reply(start_response, environ["wsgi.input"].read().decode())


def do_fork(environ, start_response):
    """Forks. The query says how the child leaves the application."""
    write = start_response("200 OK", list(TEXT))
    child = os.fork()
    if child == 0:
        how = environ["QUERY_STRING"]
        if how == "exits":
            sys.exit(7)
        elif how == "raises":
            raise LookupError("in the child")
        elif how == "writes":
            write(b"from the child")
        elif how == "reads":
            environ["wsgi.input"].read()
        elif how == "asks":
            environ["wsgi_bridge.client_disconnected"]()
        elif how == "logs":
            environ["wsgi.errors"].write("logged by the child\n")
        return [b"from the child"]
    _, status = os.waitpid(child, 0)
    return [b"the child ended with %d" % (status >> 8)]


def do_fork_between(environ, start_response):
    """Forks in a generator, which the child continues."""
    start_response("200 OK", list(TEXT))
    yield b"before "
    child = os.fork()
    if child == 0:
        yield b"from the child"
        return
    os.waitpid(child, 0)
    yield b"after"


def do_fork_and_go(environ, start_response):
    """Forks and does not wait for the child, which returns from the application."""
    if os.fork() == 0:
        sys.exit(0)
    return reply(start_response, environ["QUERY_STRING"])


def do_daemon(environ, start_response):
    """Forks twice. Responds with the descriptors of the daemon that are sockets."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writing, json.dumps(sockets_of(os.getpid())).encode())
            time.sleep(0.2)
        os._exit(0)
    os.close(writing)
    os.wait()
    return reply(start_response, json.loads(os.read(reading, 65536)))


def sockets_of(pid):
    """Returns the descriptors that are sockets, without the standard ones."""
    folder = "/proc/%s/fd" % pid
    found = []
    for name in os.listdir(folder):
        try:
            if int(name) > 2 and os.readlink(folder + "/" + name).startswith("socket:"):
                found.append(int(name))
        except OSError:
            pass  # the descriptor of the listing itself
    return found


def do_subprocess(environ, start_response):
    program = "import sys; sys.path.insert(0, %r); import children; print(children.sockets_of('self'))" % os.path.dirname(__file__)
    completed = subprocess.run([sys.executable, "-c", program], close_fds=False, stdout=subprocess.PIPE, check=True)
    return reply(start_response, json.loads(completed.stdout))


def square(number):
    return number * number


def do_pool(environ, start_response):
    with multiprocessing.get_context(environ["QUERY_STRING"]).Pool(2) as pool:
        return reply(start_response, pool.map(square, [1, 2, 3]))


def do_executor(environ, start_response):
    context = multiprocessing.get_context(environ["QUERY_STRING"])
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        return reply(start_response, list(executor.map(square, [1, 2, 3])))


def do_terminate(environ, start_response):
    """Terminates a child and responds with its exit code, which is -15."""
    child = multiprocessing.get_context(environ["QUERY_STRING"]).Process(target=time.sleep, args=(60,))
    child.start()
    child.terminate()
    child.join(15)
    return reply(start_response, child.exitcode)


def do_leave_daemon(environ, start_response):
    """Leaves a daemonic child, which must end with the process."""
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,), daemon=True)
    child.start()
    if environ["QUERY_STRING"] == "hung":
        import threading

        threading.Thread(target=time.sleep, args=(60,), daemon=False).start()  # the interpreter waits for it
    return reply(start_response, child.pid)
