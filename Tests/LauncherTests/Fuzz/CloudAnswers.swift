import Shared
import TestSupport

@testable import Launcher

/// What clouds' tools, machines and collected folders tell `train`.
enum CloudAnswers {
    static let all = questions + places

    private static func words(_ result: CheckResult) -> [String] {
        switch result {
        case .good(let text): [text]
        case .warning(let text, let hint), .problem(let text, let hint): [text, hint ?? ""]
        }
    }

    private static let questions: [FuzzTarget] = [
        .ofText("quotas", words: ["json", "terraform"]) { input in
            [
                GoogleQuota.everywhere(input), GoogleQuota.inRegion(input),
                AmazonQuota.result(input), AzureQuota.result(input),
                AzurePermissions.result(input, principal: "p", subscription: "s"),
            ].flatMap(words)
        },
        .ofText("aws-caller", words: ["text"]) { input in
            let caller = AmazonPermissions.Principal(caller: input)
            return [harmlessLine(caller?.arn ?? ""), harmlessLine(caller?.role ?? "")]
        },
        .ofText("zones", words: ["json", "text"]) { input in
            CloudRegistry.providers.flatMap { provider in
                guard let listing = provider as? any CapacityListing else { return [String]() }
                return ((try? listing.zones(in: input)) ?? [])
                    + [listing.region(ofDataset: input) ?? ""]
            }
        },
        .ofText("public-address", words: ["text"]) { input in
            [AddressRange.parse(input) ?? "", GPURequest(input).map { "\($0)" } ?? ""]
                .map(oneLine)
        },
        .ofText("key-file", words: ["json"]) { input in
            let scratch = try Scratch()
            let path = try scratch.write(input, to: "key.json", mode: 0o600)
            var words: [String] = []
            for check in [{ try GoogleKey.check(path) }, { _ = try AzureKey(path) }] {
                do { try check() } catch let failure as Failure {
                    words += [failure.summary, failure.hint ?? ""]
                }
            }
            return words
        },
    ]

    private static let places: [FuzzTarget] = [
        .ofText("ssh-answer", words: ["listing", "text"]) { input in
            let scratch = try Scratch()
            try scratch.write("key", to: "ssh_key", mode: 0o600)
            let outputs = try readFile(Fuzzer.seed("terraform-outputs", "plain.json"))
            let login = try Login(
                folder: RunFolder(path: scratch.path),
                machine: try Machine(terraformOutput: outputs), hostKey: "ssh-ed25519 AAAA")
            let run = try RunName(cloud: "gcp", projectName: "p", codeName: "c", datasetName: "d")
            var words: [String] = []
            for exit: Int32 in [0, 1, 255] {
                let connection = SSHConnection(
                    login: login, run: run,
                    runner: ScriptedRunner { _ in
                        CommandResult(
                            termination: .exited(exit), output: input, errorOutput: input)
                    })
                do {
                    words += ["\(try await connection.size(of: "/f"))"]
                    words += ["\(try await connection.list("/d").count)"]
                    _ = try await connection.read("/f", 0..<10)
                    try await connection.stopAgent()
                } catch let failure as Failure {
                    words += [failure.summary, failure.detail ?? "", failure.hint ?? ""]
                }
            }
            return words
        },
        FuzzTarget("host-key", words: ["text"]) { input in
            let scratch = try Scratch()
            try scratch.write("key", to: "ssh_key", mode: 0o600)
            let outputs = try readFile(Fuzzer.seed("terraform-outputs", "plain.json"))
            _ = try Login(
                folder: RunFolder(path: scratch.path),
                machine: try Machine(terraformOutput: outputs),
                hostKey: String(decoding: input, as: UTF8.self))
            // One line under our own name, whatever the key says.
            let lines = (scratch.read("known_hosts") ?? "").split(
                separator: "\n", omittingEmptySubsequences: false)
            guard lines.count == 2, lines[0].hasPrefix("train-machine ") else { throw Broken() }
            return []
        },
        FuzzTarget("collected-runs", words: ["json"]) { input in
            let scratch = try Scratch()
            let path = "\(scratch.path)/collected.jsonl"
            try Data(input).write(to: URL(filePath: path))
            return ["\(CollectedRuns(path: path).present().count)"]
        },
        FuzzTarget("collected-folder", words: ["json"]) { input in
            let scratch = try Scratch()
            for name in [
                BucketLayout.status, BucketLayout.capsule, BucketLayout.manifest,
                BucketLayout.events,
            ] {
                let path = "\(scratch.path)/\(name)"
                try makeDirectories(parentDirectory(path))
                try Data(input).write(to: URL(filePath: path))
            }
            let run = try CollectedRun(at: scratch.path)
            let page = try ReportPage(run, now: Date(timeIntervalSince1970: 1_800_000_000)).html()
            return [oneLine(run.name), page]
        },
        FuzzTarget("parent-files", words: ["json", "text"]) { input in
            let data = Data(input)
            let checkpoint = Checkpoints.Checkpoint(step: 100, files: [])
            for place in [nil, checkpoint] {
                _ = try ParentTunings.journal(
                    from: data, asOf: place, then: nil, now: .distantPast)
            }
            _ = CheckpointNotes(data)
            return []
        },
        FuzzTarget("log-bytes", words: ["text", "log"]) { input in
            var lines = LogLineAssembler()
            let all = lines.add(input[...], at: 0, attempt: 1)
            return (all + [lines.flush()].compactMap { $0 }).map(\.shown)
        },
        .ofText("json-text", words: ["json"]) { input in
            do {
                _ = try JSONText.value(input)
                return []
            } catch let mistake as JSONText.Mistake {
                return [mistake.summary]
            }
        },
        .ofText("ignore-file", words: ["text"]) { input in
            let rules = input.split(whereSeparator: \.isNewline).prefix(50)
                .compactMap(IgnoreRule.init)
            let paths = [["a"], ["logs", "train.log"], ["deep", "er", "**", "x"]]
            return rules.flatMap { rule in
                paths.map { "\(rule.matches($0[...], isDirectory: $0.count > 1))" }
            }
        },
    ]

    /// A line that is not ours in the file of known hosts.
    private struct Broken: Error {}
}
