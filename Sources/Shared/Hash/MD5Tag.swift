/// The MD5 that a store lists for a file that its tool uploaded: of the whole, or made of its parts.
///
/// One stream either way, so that a tag of parts costs no more than a plain MD5.
package struct MD5Tag: Sendable {
    /// What the tag is of.
    package enum Kind: Sendable, Equatable {
        /// The content, whatever its size.
        case whole
        /// The content below this size; from there on the MD5s of parts of this many bytes.
        case parts(of: Int64)

        /// How many parts a file of `size` bytes goes up in; 0 where it goes up whole.
        package func parts(ofSize size: Int64) -> Int64 {
            guard case .parts(let length) = self, size >= length else { return 0 }
            return (size - 1) / length + 1
        }
    }

    private let partLength: Int64
    private var part = MD5()
    private var held: Int64 = 0
    private var closed = MD5()
    private var isInParts = false

    package init(_ kind: Kind) {
        partLength = if case .parts(let length) = kind { length } else { .max }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Int(min(Int64(rest.count), partLength - held))
            part.update(UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            rest = rest.dropFirst(count)
            held += Int64(count)
            if held == partLength { close() }
        }
    }

    /// Of all bytes so far; more may follow.
    package var digest: MD5.Digest {
        guard isInParts else { return part.digest }
        var copy = self
        if held > 0 { copy.close() }
        return copy.closed.digest
    }

    private mutating func close() {
        part.digest.bytes.withUnsafeBytes { closed.update($0) }
        (part, held, isInParts) = (MD5(), 0, true)
    }
}
