/// A path compared byte by byte: `String` holds names equal that are different files.
package struct PathKey: Hashable, Sendable {
    private let bytes: [UInt8]

    package var path: String { String(decoding: bytes, as: UTF8.self) }

    package init(_ path: String) { bytes = Array(path.utf8) }
}
