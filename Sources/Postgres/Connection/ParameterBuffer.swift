import CLibPQ
import Glibc

/// Lays out parameters as libpq wants them, in memory that is kept from statement to statement.
struct ParameterBuffer {
    private var bytes: [UInt8] = []
    private var offsets: [Int] = []
    private var pointers: [UnsafePointer<CChar>?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    /// What can't be sent, found before anything is.
    static func problem(with sql: SQL) -> PostgresError? {
        guard sql.parameters.count <= 65_535 else {
            return PostgresError(.encode, "A statement takes at most 65535 parameters, this one has \(sql.parameters.count).")
        }
        guard !sql.text.holdsNUL else { return PostgresError(.encode, "The statement contains a NUL character.") }
        for (index, parameter) in sql.parameters.enumerated() {
            switch parameter.value {
            case .literal(let text) where text.holdsNUL, .text(let text) where text.holdsNUL:
                return PostgresError(.encode, "Parameter \(index + 1) contains a NUL character, which PostgreSQL text can't hold.")
            default: break
            }
        }
        return nil
    }

    /// Calls `body` with count, values, lengths and formats.
    mutating func withLayout<R>(
        of parameters: [PostgresParameter],
        _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> R
    ) -> R {
        guard !parameters.isEmpty else { return body(0, nil, nil, nil) }
        bytes.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        pointers.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
        for parameter in parameters {
            offsets.append(parameter.isNull ? -1 : bytes.count)
            let start = bytes.count
            parameter.appendBytes(to: &bytes)
            lengths.append(Int32(truncatingIfNeeded: bytes.count - start))
            formats.append(parameter.formatCode)
            // Text parameters end with a NUL for libpq; it does no harm to the others.
            bytes.append(0)
        }
        defer { shrink() }
        // SAFETY: the pointers are used within this closure only, while the array can't move.
        return bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { characters in
                for offset in offsets { pointers.append(offset < 0 ? nil : characters.baseAddress.map { $0 + offset }) }
            }
            return body(Int32(truncatingIfNeeded: parameters.count), pointers, lengths, formats)
        }
    }

    /// One huge document must not keep its memory for ever.
    private mutating func shrink() {
        if bytes.capacity > 1 << 18 { bytes = [] }
    }
}

extension String {
    /// Asked of every statement and parameter, so that it looks at whole words at a time.
    fileprivate var holdsNUL: Bool {
        utf8.withContiguousStorageIfAvailable { bytes in
            // SAFETY: memchr looks at the bytes of the buffer and no others.
            bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
        } ?? utf8.contains(0)
    }
}
