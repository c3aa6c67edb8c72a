#!/usr/bin/python3
"""Runs OpenStack Swift with its S3 interface, on one device in a folder: a real S3-compatible store for tests.

    object-store.py FOLDER

Prints `ready PORT` when it answers, and ends when its standard input does. Access key test:tester, secret testing.
"""
import os
import pwd
import socket
import subprocess
import sys
import time
import urllib.request

from swift.common.ring import RingBuilder

folder = os.path.abspath(sys.argv[1])
user = pwd.getpwuid(os.getuid()).pw_name


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def write(name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)


proxy, account, container, object_ = free_ports(4)
os.makedirs(os.path.join(folder, "devices", "d1"), exist_ok=True)
for name, port in [("account", account), ("container", container), ("object", object_)]:
    ring = RingBuilder(4, 1, 0)
    ring.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1.0,
                  "replication_ip": "127.0.0.1", "replication_port": port})
    ring.rebalance()
    ring.get_ring().save(os.path.join(folder, name + ".ring.gz"))
write("swift.conf", "[swift-hash]\nswift_hash_path_suffix = test\n[storage-policy:0]\nname = one\ndefault = yes\n")
common = f"swift_dir = {folder}\nuser = {user}\nworkers = 0\nbind_ip = 127.0.0.1\nlog_name = test\nlog_level = ERROR\n"
for name, port in [("account", account), ("container", container), ("object", object_)]:
    write(f"{name}-server.conf",
          f"[DEFAULT]\n{common}bind_port = {port}\ndevices = {folder}/devices\nmount_check = false\n"
          f"[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n"
          + ("recon_cache_path = " + folder + "\n"))
write("proxy-server.conf",
      f"[DEFAULT]\n{common}bind_port = {proxy}\n"
      "[pipeline:main]\npipeline = catch_errors healthcheck cache s3api tempauth slo proxy-server\n"
      "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\nconn_timeout = 10\nerror_suppression_interval = 0\nnode_timeout = 60\n"
      "[filter:catch_errors]\nuse = egg:swift#catch_errors\n[filter:healthcheck]\nuse = egg:swift#healthcheck\n"
      "[filter:s3api]\nuse = egg:swift#s3api\ns3_acl = false\nlocation = us-east-1\n"
      "[filter:tempauth]\nuse = egg:swift#tempauth\nuser_test_tester = testing .admin\n"
      "[filter:slo]\nuse = egg:swift#slo\n[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:1\n")

environment = dict(os.environ, SWIFT_TEST_CONFIG_FILE="", PYTHONWARNINGS="ignore")
log = open(os.path.join(folder, "log"), "w")
servers = []
try:
    for name in ["account", "container", "object", "proxy"]:
        command = [f"/usr/bin/swift-{name}-server", f"{folder}/{name}-server.conf"]
        if len(sys.argv) > 2:
            command.append("-v")
        servers.append(subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
    deadline = time.monotonic() + 60
    while True:
        try:
            # The proxy may answer before those behind it listen.
            for port in [account, container, object_]:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
            urllib.request.urlopen(f"http://127.0.0.1:{proxy}/healthcheck", timeout=5)
            break
        except OSError:
            if time.monotonic() > deadline or any(server.poll() is not None for server in servers):
                sys.exit("the object store doesn't start: " + open(os.path.join(folder, "log")).read()[-2000:])
            time.sleep(0.05)
    print(f"ready {proxy}", flush=True)
    sys.stdin.read()
finally:
    for server in servers:
        server.kill()
    for server in servers:
        server.wait()
