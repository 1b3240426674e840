"""The go-plugin server: how Terraform reaches a provider that it spawned, or one in a test."""

import base64
import datetime
import json
import os
import tempfile
import threading
from concurrent import futures

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tf.gen import (
    grpc_controller_pb2,
    grpc_controller_pb2_grpc,
    grpc_stdio_pb2_grpc,
    tfplugin_pb2_grpc,
)

WORKERS = 32


class Controller(grpc_controller_pb2_grpc.GRPCControllerServicer):
    """Answers Terraform's request to go away."""

    def __init__(self):
        self.done = threading.Event()

    def Shutdown(self, request, context):
        """Terraform needs the provider no more."""
        self.done.set()
        return grpc_controller_pb2.Empty()


class Stdio(grpc_stdio_pb2_grpc.GRPCStdioServicer):
    """go-plugin wants this service; there is nothing to forward."""

    def StreamStdio(self, request, context):
        """No output ever."""
        return iter([])


def make_server(provider):
    """A server with everything go-plugin asks for, and its controller."""
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(WORKERS), options=unlimited)
    controller = Controller()
    tfplugin_pb2_grpc.add_ProviderServicer_to_server(provider, server)
    grpc_controller_pb2_grpc.add_GRPCControllerServicer_to_server(controller, server)
    grpc_stdio_pb2_grpc.add_GRPCStdioServicer_to_server(Stdio(), server)
    return server, controller


def self_signed():
    """Key and certificate (PEM), and the certificate (DER) that go-plugin pins, for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    usage = x509.oid.ExtendedKeyUsageOID
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(True, None), True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.ExtendedKeyUsage([usage.SERVER_AUTH, usage.CLIENT_AUTH]), True)
        .sign(key, hashes.SHA256())
    )
    pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(pem), certificate.public_bytes(der)


class Served:
    """`with Served(provider) as env:` runs providers here; Terraform finds them through env."""

    def __init__(self, *providers):
        self.providers = providers
        self.folder = None
        self.servers = []

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        reattach = {}
        for provider in self.providers:
            server, _ = make_server(provider)
            socket = f"{self.folder.name}/{provider.name}.sock"
            server.add_insecure_port("unix://" + socket)
            server.start()
            self.servers.append(server)
            reattach[f"registry.terraform.io/hashicorp/{provider.name}"] = {
                "Protocol": "grpc",
                "ProtocolVersion": 6,
                "Pid": os.getpid(),
                "Test": True,
                "Addr": {"Network": "unix", "String": socket},
            }
        return {"TF_REATTACH_PROVIDERS": json.dumps(reattach)}

    def __exit__(self, *error):
        for server in self.servers:
            server.stop(0).wait()
        self.folder.cleanup()


def serve_spawned(provider):
    """The life of a provider that Terraform has spawned: handshake on stdout, serve, go."""
    server, controller = make_server(provider)
    key, pem, der = self_signed()
    with tempfile.TemporaryDirectory() as folder:
        server.add_secure_port(f"unix://{folder}/s", grpc.ssl_server_credentials([(key, pem)]))
        server.start()
        pinned = base64.b64encode(der).decode().rstrip("=")
        print(f"1|6|unix|{folder}/s|grpc|{pinned}", flush=True)
        controller.done.wait()
        server.stop(0.2).wait()
