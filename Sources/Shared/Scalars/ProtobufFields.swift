/// The fields of one message in the wire format of Protocol Buffers
/// (protobuf.dev/programming-guides/encoding).
///
/// Nothing is allocated, and a length that leads out of the message ends it.
struct ProtobufFields: Sequence, IteratorProtocol {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(UnsafeRawBufferPointer)
    }

    private let data: UnsafeRawBufferPointer
    private var position = 0

    init(_ data: UnsafeRawBufferPointer) { self.data = data }

    mutating func next() -> (number: UInt64, value: Value)? {
        guard let key = varint() else { return nil }
        switch key & 7 {
        case 0: return varint().map { (key >> 3, .varint($0)) }
        case 1: return load(UInt64.self).map { (key >> 3, .fixed64($0.littleEndian)) }
        case 5: return load(UInt32.self).map { (key >> 3, .fixed32($0.littleEndian)) }
        case 2:
            guard let length = varint(), length <= UInt64(data.count - position) else {
                return nil
            }
            let end = position + Int(length)
            defer { position = end }
            return (key >> 3, .bytes(UnsafeRawBufferPointer(rebasing: data[position..<end])))
        default: return nil
        }
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < data.count, shift < 64 {
            let byte = data[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }

    private mutating func load<Word: FixedWidthInteger & BitwiseCopyable>(
        _ type: Word.Type
    ) -> Word? {
        let size = Word.bitWidth / 8
        guard data.count - position >= size else { return nil }
        defer { position += size }
        return data.loadUnaligned(fromByteOffset: position, as: type)
    }
}
