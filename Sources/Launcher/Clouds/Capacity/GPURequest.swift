import Shared

/// `--gpus`: what a machine must have, by a GPU's name or by memory, in place of a machine type.
struct GPURequest: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// As the table of prices calls it; `A100` is every A100.
        case named(String)
        /// Of one GPU, at least.
        case gigabytes(Int)
    }

    var kind: Kind
    var count = 1

    static let expectation = "a GPU such as A100, A100:4 or 24GB"

    /// Reads `A100`, `A100:4`, `24GB`, `24GB:2`.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), !parts[0].isEmpty else { return nil }
        if parts.count == 2 {
            guard let count = Int(parts[1]), (1...16).contains(count) else { return nil }
            self.count = count
        }
        if let match = parts[0].uppercased().wholeMatch(of: /([0-9]{1,4})GB/),
            let size = Int(match.1)
        {
            kind = .gigabytes(size)
        } else {
            guard parts[0].wholeMatch(of: /[A-Za-z][A-Za-z0-9-]*/) != nil else { return nil }
            kind = .named(parts[0].uppercased())
        }
    }

    func fits(_ offer: PriceTable.Offer) -> Bool {
        guard offer.gpus == count else { return false }
        switch kind {
        case .gigabytes(let size): return offer.gigabytesEach >= size
        case .named(let name):
            let own = offer.gpu.uppercased()
            return own == name || own.hasPrefix(name + "-")
        }
    }

    var text: String {
        let what =
            switch kind {
            case .named(let name): name
            case .gigabytes(let size): "\(size)GB"
            }
        return "\(what):\(count)"
    }
}
