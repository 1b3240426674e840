import Shared
import TestSupport
import Testing

@testable import Launcher

/// The launcher's rules for a machine, and those of `variables.tf`, accept and refuse the same.
@Suite struct MachineLimitsTests {
    /// One variable of `variables.tf`.
    private struct Variable {
        var block: String

        /// What stands behind `name =`, which fills one line.
        func value(after name: String) -> String? {
            for line in block.split(separator: "\n") {
                let parts = line.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0].filter({ $0 != " " }) == name else { continue }
                return String(parts[1].drop { $0 == " " })
            }
            return nil
        }
    }

    private static func variables() throws -> [String: Variable] {
        let path = BuiltProducts.repository + "/Sources/Launcher/Clouds/Terraform/variables.tf"
        let text = String(decoding: try readFile(path), as: UTF8.self)
        var variables: [String: Variable] = [:]
        for part in text.split(separator: "\nvariable \"").dropFirst() {
            let name = String(part.prefix { $0 != "\"" })
            let end = part.firstRange(of: "\n}")?.lowerBound ?? part.endIndex
            variables[name] = Variable(block: String(part[..<end]))
        }
        return variables
    }

    struct Rule: Sendable, CustomTestStringConvertible {
        var variable: String
        /// The values to try, as Terraform writes them.
        var values: [String]
        /// Whether the launcher accepts one.
        var accepts: @Sendable (String) -> Bool
        var testDescription: String { variable }
    }

    /// Whether `train start` takes a flag's value.
    private static func takes(_ flag: String, _ value: String) -> Bool {
        let words = [
            "code/beer", "--code_path", "/c", "--dataset_bucket", "/d", flag, value,
        ]
        return (try? Parser.parse(StartArguments.self, words).checked()) != nil
    }

    private static func unquoted(_ text: String) -> String { text.replacing("\"", with: "") }

    private static let rules = [
        Rule(
            variable: "max_duration_seconds",
            values: ["599", "600", "86400", "10195200", "10195201"],
            accepts: { Double($0).map(MachineLimits.durationSeconds.contains) ?? false }),
        Rule(
            variable: "hard_limit_seconds",
            values: ["599", "600", "86400", "10195200", "10195201"],
            accepts: { takes("--hard_limit", $0) }),
        Rule(
            variable: "disk_size_gb", values: ["49", "50", "200", "4000", "4001"],
            accepts: { takes("--disk_size_gb", $0) }),
        Rule(
            variable: "gpu_count", values: (0...9).map { "\($0)" },
            accepts: { takes("--gpu_count", $0) }),
        Rule(
            variable: "ssh_cidr",
            values: [
                "203.0.113.7/32", "203.0.113.0/24", "203.0.113.7/24", "0.0.0.0/0", "1.2.3.4/0",
                "203.0.113.0/33", "203.0.113.256/32", "nonsense", "10.0.0.0/8", "10.0.0.1/8",
            ].map { "\"\($0)\"" },
            accepts: { text in
                guard let range = AddressRange.parse(unquoted(text)) else { return false }
                var request = MachineRequest()
                request.sshCidr = range
                return (try? request.checkAddresses()) != nil
            }),
    ]

    /// Terraform itself evaluates the condition, so nothing of HCL is copied here.
    @Test(
        .enabled(if: isInstalled("terraform"), "terraform is not installed"),
        arguments: rules)
    func `Terraform accepts what the launcher accepts`(_ rule: Rule) async throws {
        let variable = try #require(try Self.variables()[rule.variable])
        let condition = try #require(variable.value(after: "condition"))
        let scratch = try Scratch()
        var command = Command("terraform", ["console"])
        command.workingDirectory = scratch.path
        let lines = rule.values.map {
            condition.replacing("var.\(rule.variable)", with: $0)
        }
        // One expression: the console evaluates no more where its input is no terminal.
        command.input = .data(Data("join(\" \", [\(lines.joined(separator: ", "))])\n".utf8))
        command.environment = ["CHECKPOINT_DISABLE": "1"]
        let result = try await PosixRunner().run(command, timeout: .seconds(60))
        let answers = result.output.filter { $0.isLetter || $0 == " " }.split(separator: " ")
        #expect(
            answers.map(String.init) == rule.values.map { rule.accepts($0) ? "true" : "false" },
            "\(result)")
    }

    @Test func `the same is taken if nothing is given`() throws {
        let variables = try Self.variables()
        let start = StartArguments()
        #expect(
            variables["max_duration_seconds"]?.value(after: "default").flatMap(Double.init)
                == start.training.maxDuration.limit?.seconds)
        #expect(
            variables["final_sync_seconds"]?.value(after: "default").flatMap(Double.init)
                == MachineLimits.finalSyncSeconds)
        let help =
            Launcher.program(try LauncherSandbox().context).commands
            .first { $0.name == "start" }?.options ?? []
        let disk = try #require(variables["disk_size_gb"]?.value(after: "default"))
        #expect(help.first { $0.name == "--disk_size_gb" }?.help.hasSuffix("else \(disk).") == true)
        let count = try #require(variables["gpu_count"]?.value(after: "default"))
        #expect(help.first { $0.name == "--gpu_count" }?.help.hasSuffix("else \(count).") == true)
    }

    /// Terraform ignores a variable that no file declares, with a warning that nobody sees.
    @Test func `every variable that the launcher writes is declared`() throws {
        let declared = Set(try Self.variables().keys)
        let laptop = try LauncherSandbox()
        for provider in CloudRegistry.providers {
            var plan = try laptop.plan()
            plan.storeName = StoreName(random: 1)
            plan.access.credentialsPath = "/key"
            plan.training.maxDuration = .limit(TimeSpan(seconds: 44_444.16))
            plan.machine = MachineRequest(
                machineType: "m", gpuType: "nvidia-tesla-t4", gpuCount: 2, diskSizeGb: 50,
                zones: [provider.defaultZone], image: "i", sshCidr: "0.0.0.0/0")
            plan.dataset = .bucket(StoreURL(scheme: provider.scheme, bucket: "b", path: "c"))
            let folder = RunFolder(path: laptop.scratch.path + "/" + provider.name)
            try makeDirectories(folder.path)
            let archive = CodeArchive(path: folder.code, bytes: 0, sha256: "")
            let fixed = try TerraformInputs(provider: provider, plan: plan, createdAt: Date())
                .write(to: folder, archive: archive, publicKey: "ssh-ed25519 A")
            // Azure's switch is pushed on by the machine.
            #expect(fixed.hardLimitSeconds == (provider.name == "azure" ? nil : 44_444))
            plan.machine.hardLimit = TimeSpan(seconds: 86_400)
            let job = try TerraformInputs(provider: provider, plan: plan, createdAt: Date())
                .write(to: folder, archive: archive, publicKey: "ssh-ed25519 A")
            #expect(job.hardLimitSeconds == 86_400)
            let written = try JSONDecoder().decode(
                [String: JSONValue].self,
                from: readFile(folder.path + "/" + TerraformInputs.variablesFile))
            #expect(Set(written.keys).subtracting(declared) == [], "\(provider.name)")
            // The machine's shell cannot add what is no whole number.
            #expect(written["hard_limit_seconds"] == .integer(86_400), "\(provider.name)")
            #expect(written["max_duration_seconds"] == .integer(44_444), "\(provider.name)")
        }
    }
}
