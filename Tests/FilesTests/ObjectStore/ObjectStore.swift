import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestKernel
import Testing

@testable import Files

/// OpenStack Swift with its S3 interface, on a port and in a folder of its own.
struct ObjectStore: Sendable {
    let port: Int

    static func with<R: Sendable>(_ body: @Sendable (ObjectStore) async throws -> R) async throws -> R {
        let folder = try TestFolder.make()
        defer { TestFolder.remove(folder) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/object-store.py", folder]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        defer {
            // It ends with its input.
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
        }
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let port = try #require(line.split(separator: "\n").first?.split(separator: " ").last.flatMap { Int($0) }, "\(line)")
        return try await body(ObjectStore(port: port))
    }

    /// - Parameter port: of a gateway before it; nil for its own.
    func settings(bucket: String, secret: String = "testing", port: Int? = nil) throws -> S3Settings {
        try S3Settings(
            address: "s3://\(bucket)/files", endpoint: "http://127.0.0.1:\(port ?? self.port)", region: nil, accessKey: "test:tester",
            secretKey: secret)
    }

    /// Makes a bucket, as its operator would.
    func make(bucket: String) async throws {
        let settings = try settings(bucket: bucket)
        let time = SignatureV4.time(Int(Date().timeIntervalSince1970))
        let headers = [("host", settings.host), ("x-amz-content-sha256", SignatureV4.emptyHash), ("x-amz-date", time)]
        let signed = SignatureV4.Request(
            method: "PUT", path: "/\(bucket)", headers: headers.map { (name: $0.0, value: $0.1) }, payloadHash: SignatureV4.emptyHash)
        var request = HTTPClientRequest(url: "\(settings.endpoint)/\(bucket)")
        request.method = .PUT
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let signature = SignatureV4(accessKey: settings.accessKey, secretKey: settings.secretKey, region: settings.region)
        request.headers.add(name: "authorization", value: signature.authorization(for: signed, time: time))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        try #require(response.status == .ok)
    }
}
