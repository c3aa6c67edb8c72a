import CLibZ
import NIOCore
import NIOHTTP1

/// gzip (RFC 1952) of responses for clients that ask for it, and of request bodies that come so.
enum Compression {
    /// Smaller bodies gain less than their headers cost.
    static let minimumSize = 1_024
    /// What a stream is written in, and read in.
    private static let pieceSize = 65_536

    /// The response compressed, if its client takes gzip and it pays.
    static func applied(to response: ServerResponse, for request: ServerRequest) -> ServerResponse {
        guard case .bytes(let bytes) = response.body, bytes.readableBytes >= minimumSize else { return response }
        var response = response
        response.headers.append(("vary", "Accept-Encoding"))
        guard let accepted = request.header(.acceptEncoding), accepts(gzipIn: accepted), let smaller = gzip(bytes) else {
            return response
        }
        response.headers.append(("content-encoding", "gzip"))
        response.body = .bytes(smaller)
        return response
    }

    /// Whether an Accept-Encoding header allows gzip (RFC 9110 section 12.5.3).
    static func accepts(gzipIn header: String) -> Bool {
        var wildcard = false
        for item in header.split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let coding = parts.first, coding == "gzip" || coding == "x-gzip" || coding == "*" else { continue }
            let isRefused = parts.dropFirst().contains { $0.hasPrefix("q=") && (Double($0.dropFirst(2)) ?? 0) == 0 }
            if coding != "*" { return !isRefused }
            wildcard = !isRefused
        }
        return wildcard
    }

    static func gzip(_ input: ByteBuffer) -> ByteBuffer? {
        var stream = z_stream()
        // 31: the largest window, in gzip's frame. The fastest level: JSON shrinks to a sixth even so.
        guard tessera_deflate_init(&stream, Z_BEST_SPEED, 31) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let capacity = Int(deflateBound(&stream, UInt(input.readableBytes)))
        var output = ByteBuffer()
        output.reserveCapacity(capacity)
        var result = Z_OK
        // SAFETY: zlib reads and writes within the bounds given in avail_in and avail_out, and keeps no pointer after the call.
        input.withUnsafeReadableBytes { source in
            _ = output.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { target in
                stream.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
                stream.avail_out = UInt32(clamping: target.count)
                result = deflate(&stream, Z_FINISH)
                return target.count - Int(stream.avail_out)
            }
        }
        return result == Z_STREAM_END ? output : nil
    }

    /// Undoes gzip, and stops where the result grows past the limit, however small the body that came in.
    static func decompressed(_ input: ByteBuffer, limit: Int) -> Result<ByteBuffer, HTTPFault> {
        var stream = z_stream()
        guard tessera_inflate_init(&stream, 31) == Z_OK else { return .failure(.badEncoding) }
        defer { inflateEnd(&stream) }
        var output = ByteBuffer()
        // SAFETY: as in gzip(_:); the source outlives the loop.
        return input.withUnsafeReadableBytes { source in
            stream.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = UInt32(source.count)
            while true {
                var result = Z_OK
                let written = output.writeWithUnsafeMutableBytes(minimumWritableBytes: pieceSize) { target in
                    let room = min(target.count, pieceSize)
                    stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
                    stream.avail_out = UInt32(room)
                    result = inflate(&stream, Z_NO_FLUSH)
                    return room - Int(stream.avail_out)
                }
                guard output.readableBytes <= limit else { return .failure(.bodyTooLarge(limit: limit)) }
                if result == Z_STREAM_END { return stream.avail_in == 0 ? .success(output) : .failure(.badEncoding) }
                guard result == Z_OK, written > 0 || stream.avail_in > 0 else { return .failure(.badEncoding) }
            }
        }
    }
}
