import Shared

/// The machine that a user asks for; what is nil, each cloud has its own answer to.
struct MachineRequest: CommandArguments, Equatable {
    var machineType: String?
    var gpuType: String?
    var gpuCount: Int?
    /// In place of a machine type.
    var gpus: GPURequest?
    var diskSizeGb: Int?
    /// Tried in order.
    var zones: [String] = []
    /// Whose zones are tried after `zones`, or in their place.
    var regions: [String] = []
    /// How long all of them are tried again and again; nil: once.
    var patience: TimeSpan?
    var image: String?
    var spot = SpotChoice.never
    /// Whether the machine is given the right to read the dataset.
    var grantsDataset = true
    /// The addresses that SSH is open to; `AddressRange.none` for no way in.
    var sshCidr: String?
    /// Of the user's own, in place of one for the run.
    var network: String?
    var subnet: String?
    /// An existing identity for the machine, instead of one made for the run.
    var identity: String?
    var hasNoPublicIp = false
    /// How far `train extend` may go; nil: no further than the longest time of the start.
    var hardLimit: TimeSpan?

    static var options: [Option<Self>] {
        [
            .text(
                "--machine_type", "type", \.machineType,
                "Else a small one with a GPU: \(CloudRegistry.machineTypes)."
            ).common().from(.announced),
            .text(
                "--gpu_type", "type", \.gpuType,
                "The GPU to attach, if the machine type takes one: nvidia-tesla-t4."
            ).from(.announced),
            .parsed(
                "--gpu_count", "count", \.gpuCount, "How many of them; else 1.",
                expects: "1, 2, 4 or 8"
            ) { Int($0).flatMap { MachineLimits.gpuCounts.contains($0) ? $0 : nil } }.from(
                .announced),
            .parsed(
                "--gpus", "gpu", \.gpus, "In place of a machine type: A100, A100:4, 24GB.",
                expects: GPURequest.expectation
            ) { GPURequest($0) }.common().from(.announced),
            .parsed(
                "--disk_size_gb", "size", \.diskSizeGb, "The disk, for the output too; else 200.",
                expects: "a whole number from 50 to 4000"
            ) { Int($0).flatMap { MachineLimits.diskGigabytes.contains($0) ? $0 : nil } }.from(
                .announced),
            .list(
                "--zones", "zones", \.zones,
                "Tried in order; else all of the dataset's region that have the machine.",
                expects: ZoneList.expectation
            ) { ZoneList.parse($0) }.from(.announced),
            .list(
                "--regions", "regions", \.regions,
                "All zones of these that have the machine, in order.",
                expects: "a list of regions such as us-central1,us-east1"
            ) { ZoneList.parse($0) }.from(.announced),
            .flag(
                "--retry_until_up", "time", \.patience,
                "Tries all zones again until one has the machine; else once.",
                expects: TimeSpan.expectation(in: longestPatience)
            ) { patience($0) }.from(.announced),
            .text("--image", "image", \.image, "Of the boot disk; else one for deep learning.")
                .from(.announced),
            .flag(
                "--spot", "auto", \.spot,
                "Much cheaper, and taken away at any time; =auto: else not spot.",
                expects: "true, false or auto"
            ) { SpotChoice($0) }.common().from(.announced),
            .flag(
                "--grant_dataset_access", \.grantsDataset,
                "Lets it read the dataset; =false where it may already."
            ).from(.userFile(because: "decides who may read the dataset")),
            .text("--network", "name", \.network, "A network of yours; else one for the run.").from(
                .userFile(because: "puts the machine beside other machines of yours")),
            .text("--subnet", "name", \.subnet, "A subnet of yours, in that network.").from(
                .userFile(because: "puts the machine beside other machines of yours")),
            .text(
                "--identity", "name", \.identity,
                "The machine's service account, instance profile or identity; else one for the run."
            ).from(.userFile(because: "decides what the machine may do")),
            .flag(
                "--no_public_ip", \.hasNoPublicIp,
                "No address of the internet; the network needs a way out."
            ).from(.announced),
            .parsed(
                "--hard_limit", "time", \.hardLimit,
                "How far train extend may go: the cloud's own limit, fixed at the start.",
                expects: "a length of time from 10m to 118d, such as 24h or 2d"
            ) { text in
                TimeSpan(text).flatMap {
                    MachineLimits.durationSeconds.contains($0.seconds) ? $0 : nil
                }
            }.from(.announced),
            .parsed(
                "--ssh_cidr", "range", \.sshCidr,
                "Who may reach SSH, or none; else this computer alone.",
                expects: AddressRange.expectation
            ) { AddressRange.parse($0) }.from(
                .userFile(because: "opens the machine to other computers")),
        ]
    }

    /// The flags that say something else than what counts without them.
    var given: [String] {
        let given: [(String, Bool)] = [
            ("--machine_type", machineType != nil), ("--gpu_type", gpuType != nil),
            ("--gpu_count", gpuCount != nil), ("--gpus", gpus != nil),
            ("--disk_size_gb", diskSizeGb != nil),
            ("--zones", !zones.isEmpty), ("--regions", !regions.isEmpty),
            ("--retry_until_up", patience != nil), ("--image", image != nil),
            ("--spot", spot != .never),
            ("--grant_dataset_access", !grantsDataset), ("--ssh_cidr", sshCidr != nil),
            ("--network", network != nil), ("--subnet", subnet != nil),
            ("--identity", identity != nil), ("--no_public_ip", hasNoPublicIp),
            ("--hard_limit", hardLimit != nil),
        ]
        return given.filter(\.1).map(\.0)
    }

    static let longestPatience = 1...(30 * 86_400.0)

    /// Reads `--retry_until_up`, alone or with a time.
    static func patience(_ text: String) -> TimeSpan?? {
        switch text {
        case "true": return TimeSpan(seconds: longestPatience.upperBound)
        case "false": return .some(nil)
        default:
            guard let span = TimeSpan(text), longestPatience.contains(span.seconds) else {
                return nil
            }
            return span
        }
    }

    /// - Throws: `Failure` with exit code 2 where the range is written as another than it is:
    ///   1.2.3.4/0 looks like one computer and lets in the world.
    func checkAddresses() throws {
        guard let sshCidr, let network = AddressRange.network(of: sshCidr), network != sshCidr
        else { return }
        let parts = sshCidr.split(separator: "/")
        throw Failure.usage(
            "--ssh_cidr \(quoted(sshCidr)) is no network: /\(parts.last ?? "") from there is \(network)",
            hint: "for that one computer give \(parts.first ?? "")/32; for all of the network "
                + "\(network)" + (network == "0.0.0.0/0" ? ", which is the whole world" : ""))
    }
}

/// `--spot`: how the machine is rented.
enum SpotChoice: Sendable, Equatable {
    /// On demand.
    case never
    /// As a spot machine, or not at all.
    case always
    /// As a spot machine where one is to be had, else on demand.
    case auto

    init?(_ text: String) {
        switch text {
        case "true": self = .always
        case "false": self = .never
        case "auto": self = .auto
        default: return nil
        }
    }

    /// What is tried, in order: true stands for spot.
    var attempts: [Bool] {
        switch self {
        case .never: [false]
        case .always: [true]
        case .auto: [true, false]
        }
    }
}

/// `--zones a,b,c`: names in order, none empty or twice.
enum ZoneList {
    static let expectation = "a list of zones such as us-central1-a,us-central1-b"

    static func parse(_ text: String) -> [String]? {
        let zones = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let isLegal = zones.allSatisfy { zone in
            !zone.isEmpty
                && zone.unicodeScalars.allSatisfy {
                    ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "-"
                }
        }
        return isLegal && Set(zones).count == zones.count ? zones : nil
    }

    /// The zones in a cloud's own words, such as "us-central1-b, us-central1-a".
    static func names(in words: Substring) -> [String] {
        words.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
            .filter { $0.contains(/[0-9]/) && $0.contains("-") }
    }
}

/// `--ssh_cidr`: an IPv4 address or range; a bare address is that one alone.
enum AddressRange {
    static let expectation = "an IPv4 range such as 203.0.113.7/32, or none"
    /// No port is open; the run is steered through its bucket.
    static let none = "none"

    static func parse(_ text: String) -> String? {
        if text == none { return none }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else { return nil }
        let numbers = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard numbers.count == 4,
            numbers.allSatisfy({ number in
                number.allSatisfy(\.isNumber) && (number.count == 1 || number.first != "0")
                    && UInt8(number) != nil
            })
        else { return nil }
        guard parts.count == 2 else { return text + "/32" }
        guard parts[1].allSatisfy(\.isNumber), let bits = Int(parts[1]), (0...32).contains(bits)
        else { return nil }
        return text
    }

    /// The range by its first address, as it is to be written.
    static func network(of range: String) -> String? {
        guard let range = parse(range) else { return nil }
        let numbers = range.split { $0 == "." || $0 == "/" }.compactMap { UInt32($0) }
        guard numbers.count == 5, let bits = numbers.last else { return nil }
        let address = numbers.dropLast().reduce(0) { $0 << 8 | $1 }
        // A shift by all 32 bits gives 0 in Swift.
        let first = address & (UInt32.max << (32 - bits))
        let parts = [24, 16, 8, 0].map { String(first >> UInt32($0) & 255) }
        return "\(parts.joined(separator: "."))/\(bits)"
    }
}
