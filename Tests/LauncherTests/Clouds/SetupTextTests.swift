import Shared
import TestSupport
import Testing

@testable import Launcher

/// What `train doctor --print_setup` prints for an administrator.
@Suite struct SetupTextTests {
    private static let providers = CloudRegistry.providers.compactMap { $0 as? any DoctorChecks }

    @Test func `each rented cloud has a set-up`() {
        #expect(Self.providers.count == CloudRegistry.providers.count)
    }

    /// bash reads each command as the words that were meant.
    @Test func `the commands are a shell's`() async throws {
        for provider in Self.providers {
            let setup = provider.setup(project: "11111111-1111-1111-1111-111111111111")
            for command in setup.steps.flatMap(\.commands) {
                let line = SetupText.line(command)
                #expect(setup.text.contains("\n" + line + "\n"), "\(line)")
                let result = try await PosixRunner().run(
                    Command("bash", ["-c", "printf '%s\\n' " + line]))
                #expect(result.output == command.joined(separator: "\n") + "\n")
            }
            #expect(setup.text.contains("--identity \(setup.identity)\n"))
        }
    }

    private struct Policy: Decodable {
        struct Statement: Decodable {
            var Action: [String]
            var Resource: String
        }
        var Statement: [Statement]
    }

    @Test func `AWS' policy allows what the doctor asks about, on the names of runs`() throws {
        let text = AmazonProvider().launcherPolicy
        let policy = try JSONDecoder().decode(Policy.self, from: Data(text.utf8))
        let allowed = Set(policy.Statement.flatMap(\.Action))
        #expect(allowed.isSuperset(of: AmazonPermissions.needed.flatMap(\.actions)))
        let places = policy.Statement.map(\.Resource)
        #expect(places.contains("arn:aws:s3:::train*/*"))
        #expect(places.contains("arn:aws:iam::*:role/train*"))
        #expect(places.contains("arn:aws:ssm:*::parameter/aws/service/deeplearning/ami/*"))
        #expect(!text.contains("doctor") && !text.contains("REGION"))
    }

    @Test func `Google's role has what the doctor asks about`() throws {
        let text = GoogleProvider().setup(project: "acme").text
        for permission in GooglePermissions.needed.flatMap(\.permissions) {
            #expect(text.contains(permission), "\(permission)")
        }
        #expect(text.contains("--identity train-machine@acme.iam.gserviceaccount.com\n"))
    }

    @Test func `on Azure nobody who starts runs may assign roles`() {
        let setup = AzureProvider().setup(project: nil)
        let roles = setup.steps.flatMap(\.commands).compactMap { command in
            command.firstIndex(of: "--role").map { command[$0 + 1] }
        }
        #expect(
            Set(roles) == [
                "Contributor", "Virtual Machine Contributor", "Storage Blob Data Contributor",
            ])
    }

    @Test(arguments: [("gcp", 0), ("aws", 0), ("azure", 0), ("local", 2)] as [(String, Int32)])
    func `the command prints it and runs nothing`(cloud: String, status: Int32) async throws {
        let sandbox = try LauncherSandbox()
        #expect(await sandbox.train("doctor", "--cloud", cloud, "--print_setup") == status)
        #expect(sandbox.heard.outputs.contains("--identity") == (status == 0))
    }
}
