# Start-up file of the kernels that tests and `make notebooks` start (see make_offline_profile):
# Python connects to nothing but this computer. An audit hook sees each socket of Python, whoever
# opens it, before anything is sent, and cannot be taken off again.


def _stay_offline():
    import sys

    # Audit events with the arguments (socket, address), and with (host, ...).
    connecting = {"socket.connect", "socket.sendto", "socket.sendmsg"}
    looking_up = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}

    def refuse(event, arguments):
        if event in connecting:
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) else None  # else a local socket's path
        elif event in looking_up:
            host = arguments[0]
        else:
            return
        if isinstance(host, bytes):
            host = host.decode(errors="replace")
        if isinstance(host, str) and host not in ("", "localhost", "::1"):
            if not host.startswith("127."):
                raise RuntimeError(f"The notebooks must run offline, but this asked for {host}.")

    sys.addaudithook(refuse)


_stay_offline()
del _stay_offline  # the notebook's own names stay its own
