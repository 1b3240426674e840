import Shared

/// The machine that a user asks for; what is nil, each cloud has its own answer to.
struct MachineRequest: Sendable, Equatable {
    var machineType: String?
    var gpuType: String?
    var gpuCount: Int?
    var diskSizeGb: Int?
    /// Tried in order.
    var zones: [String] = []
    var image: String?
    var isSpot = false
    /// Whether the machine is given the right to read the dataset.
    var grantsDataset = true
    /// The addresses that SSH is open to.
    var sshCidr: String?

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
}

/// `--ssh_cidr`: an IPv4 address or range; a bare address is that one alone.
enum AddressRange {
    static let expectation = "an IPv4 range such as 203.0.113.7/32"

    static func parse(_ text: String) -> String? {
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
