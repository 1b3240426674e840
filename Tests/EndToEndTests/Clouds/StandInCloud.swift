import Shared
import TestSupport
import Testing

/// A rented cloud of which Terraform's provider, the stores and the command line tool run here.
///
/// AWS is the real provider and the real tool against moto; Google and Azure are stand-ins with the
/// real providers' schemas, and buckets in the emulators that the real storage tools talk to.
enum StandInCloud: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case gcp, aws, azure

    var testDescription: String { rawValue }

    var kind: Emulator.Kind {
        switch self {
        case .gcp: .google
        case .aws: .amazon
        case .azure: .azure
        }
    }

    private var programs: [String] {
        ["terraform", "ssh-keygen", "python3"]
            + [self == .gcp ? "gsutil" : self == .aws ? "aws" : "rclone"]
    }

    /// Why it cannot be had here; nil where it can.
    func missing() async -> String? {
        if let program = programs.first(where: { !isInstalled($0) }) {
            return "\(rawValue): \(program) is not installed"
        }
        guard Emulator.canRun(kind) else { return "\(rawValue): moto is not installed" }
        let look = Command("python3", ["-c", "import tf, cryptography"])
        guard (try? await PosixRunner().run(look).succeeded) == true else {
            return "\(rawValue): pip install -r Tests/StandInProvider/requirements.txt"
        }
        guard self == .aws else { return nil }
        let find = Command(
            "python3", ["-c", "import mirror, sys; sys.exit(mirror.find_aws() is None)"])
        var command = find
        command.environment = ["PYTHONPATH": .some(CloudFixture.standIns)]
        let hasProvider = (try? await PosixRunner().run(command).succeeded) == true
        return hasProvider ? nil : "aws: its Terraform provider 5.x is not installed"
    }

    /// A project that no other test has: the run's name, and so every name in the cloud, is its own.
    func newProject() -> String {
        func digits(_ count: Int) -> String {
            String((0..<count).map { _ in "0123456789abcdef".randomElement() ?? "0" })
        }
        guard self == .azure else { return "acme-" + digits(10) }
        return [8, 4, 4, 4, 12].map(digits).joined(separator: "-")
    }

    /// What a start needs besides what it needs on each.
    var startFlags: [String] {
        switch self {
        case .gcp: []
        // The image of moto's own: Amazon's parameter for the deep learning image is not there.
        case .aws: ["--image", "ami-1e749f67", "--machine_type", "g4dn.xlarge"]
        case .azure: []
        }
    }

    /// The content of `--credentials_path`; nil where the test goes without.
    var credentials: String? {
        switch self {
        case .gcp: nil
        case .aws:
            "[default]\naws_access_key_id = testing\naws_secret_access_key = testing\n"
        case .azure:
            #"{"appId": "app", "password": "hunter2", "tenant": "tenant", "displayName": "t"}"#
        }
    }

    func dataset(in container: String) -> String {
        self == .azure ? "devstoreaccount1/" + container : container
    }

    /// What leads the stand-in providers to the emulator, and the launcher to its key.
    func environment(of store: Emulator) -> [String: String?] {
        switch self {
        case .gcp:
            [
                "GOOGLE_STORAGE_CUSTOM_ENDPOINT": "http://127.0.0.1:\(store.port)/storage/v1/",
                // For Terraform's own backend, which looks for some.
                "GOOGLE_OAUTH_ACCESS_TOKEN": "token",
            ]
        case .aws:
            [:]
        case .azure:
            ["TFSHIM_AZURE_BLOB": "http://127.0.0.1:\(store.port)"]
        }
    }
}
