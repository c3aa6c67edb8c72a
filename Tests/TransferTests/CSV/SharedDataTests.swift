import Foundation
import Testing

@testable import Transfer

/// Real exports, kept beside the repository and not in it.
enum SharedData {
    static let folder: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let candidates: [String?] = [
            ProcessInfo.processInfo.environment["TESSERA_SHARED_DATA"], root.appendingPathComponent("../shared/data").path,
        ]
        return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0 + "/sales") }
    }()

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: try #require(folder) + "/" + name)))
    }
}

@Suite("Real exports", .enabled(if: SharedData.folder != nil, "the folder ../shared/data or $TESSERA_SHARED_DATA is not there"))
struct SharedDataTests {
    @Test(
        "reads every row of the sales data",
        arguments: [("accounts.csv", 85, 7), ("products.csv", 7, 3), ("sales_pipeline.csv", 8800, 10), ("sales_teams.csv", 35, 3)])
    func rows(file: String, records: Int, width: Int) throws {
        let rows = try CSVReader.rows(of: SharedData.bytes("sales/\(file)"))
        #expect(rows.count == records + 1)
        #expect(rows.allSatisfy { $0.count == width })
    }

    @Test("finds the totals that are known of the sales data")
    func totals() throws {
        let rows = try CSVReader.rows(of: SharedData.bytes("sales/sales_pipeline.csv"))
        let column = try #require(rows[0].firstIndex(of: "deal_stage"))
        let value = try #require(rows[0].firstIndex(of: "close_value"))
        let won = rows.filter { $0[column] == "Won" }
        #expect(won.count == 4238)
        #expect(won.compactMap { Int($0[value]) }.reduce(0, +) == 10_005_534)
        #expect(rows.filter { $0[column] == "Lost" }.count == 2473)
        #expect(rows.filter { $0[column] == "Engaging" }.count == 1589)
        #expect(rows.filter { $0[column] == "Prospecting" }.count == 500)
    }
}
