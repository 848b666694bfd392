"""A whole Swift in one process: a disk in FOLDER, objects in memory, a proxy on 127.0.0.1:PORT, and Keystone for tokens.

    swift-server.py FOLDER PORT AUTH_URL SERVICE_PASSWORD
"""

import eventlet

eventlet.monkey_patch()

import os
import sys

import eventlet.wsgi
from swift.common import utils
from swift.common.ring import RingBuilder
from swift.common.wsgi import loadapp
from swift.container.updater import ContainerUpdater

folder, port, auth_url, service_password = sys.argv[1:]
utils.HASH_PATH_SUFFIX = b"stackmeter"

SERVER = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = server
[app:server]
use = egg:swift#{app}
[container-updater]
"""

PROXY = """
[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors authtoken keystoneauth proxy
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
www_authenticate_uri = {auth_url}
auth_url = {auth_url}
auth_type = password
username = nova
password = {service_password}
project_name = service
user_domain_id = default
project_domain_id = default
delay_auth_decision = true
[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin, member
[app:proxy]
use = egg:swift#proxy
account_autocreate = true
"""


def write(name, text, **values):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.format(folder=folder, **values))
    return path


def make_ring(kind, node_port):
    builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    node = {"ip": "127.0.0.1", "port": node_port, "device": "disk"}
    builder.add_dev({"region": 1, "zone": 1, "weight": 1, **node})
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, kind + ".ring.gz"))


def serve(sock, config):
    log = utils.get_logger({}, "wsgi")
    eventlet.spawn(eventlet.wsgi.server, sock, loadapp(config), log, keepalive=False)


def update_accounts(config):
    """Updates accounts with the sizes of their containers, like the daemon swift-container-updater."""
    updater = ContainerUpdater(utils.readconf(config, "container-updater"))
    while True:
        updater.container_sweep(os.path.join(folder, "disk", "containers"))
        eventlet.sleep(0.5)


os.mkdir(os.path.join(folder, "disk"))
nodes = {}
for kind, app in (("account", "account"), ("container", "container"), ("object", "mem_object")):
    sock = eventlet.listen(("127.0.0.1", 0))
    make_ring(kind, sock.getsockname()[1])
    nodes[kind] = (sock, write(kind + ".conf", SERVER, app=app))
for sock, config in nodes.values():
    serve(sock, config)
proxy = write("proxy.conf", PROXY, auth_url=auth_url, service_password=service_password)
serve(eventlet.listen(("127.0.0.1", int(port))), proxy)
update_accounts(nodes["container"][1])
