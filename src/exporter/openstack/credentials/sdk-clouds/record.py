#!/usr/bin/python3
"""Prints the settings that the OpenStack SDK reads from the clouds beside this file. To record them again:
/usr/bin/python3 record.py > expected.json (Debian: python3-openstacksdk)"""
import json
import os
import warnings

warnings.simplefilter('ignore')
from openstack.config import loader  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SERVICES = {'compute': 'compute', 'volume': 'block-storage', 'network': 'network', 'object-store': 'object-store'}


class SignIn(Exception):
    """What Keystone would have been asked."""


class Session:
    """Sends nothing."""

    def post(self, url, json=None, **_):
        raise SignIn(url, json)


def sign_in(plugin):
    if hasattr(plugin, 'create_plugin'):
        plugin = plugin.create_plugin(Session(), (3, 0), plugin.auth_url)
    try:
        plugin.get_auth_ref(Session())
    except SignIn as asked:
        return {'url': asked.args[0], 'body': asked.args[1]}


def as_list(value):
    return [one.replace('URL', '') for one in (value if isinstance(value, list) else [value])]


def meaning(cloud):
    return {
        'signIn': sign_in(cloud.get_auth()),
        'interfaces': {name: as_list(cloud.get_interface(service)) for name, service in SERVICES.items()},
        'regions': {name: cloud.get_region_name(service) or None for name, service in SERVICES.items()},
        'endpoints': {name: cloud.get_endpoint(service) for name, service in SERVICES.items()},
        'certificates': [cloud.config.get(key) for key in ('cacert', 'cert', 'key')],
    }


config = loader.OpenStackConfig(
    config_files=[os.path.join(HERE, 'clouds.yaml')],
    secure_files=[os.path.join(HERE, 'secure.yaml')],
    vendor_files=[os.path.join(HERE, 'clouds-public.yaml')],
    load_envvars=False,
)
clouds = {name: meaning(config.get_one(name)) for name in config.get_cloud_names()}
clouds['region-values of south'] = meaning(config.get_one('region-values', region_name='south'))
clouds['of-vendor of west'] = meaning(config.get_one('of-vendor', region_name='west'))
print(json.dumps(clouds, indent=2))
