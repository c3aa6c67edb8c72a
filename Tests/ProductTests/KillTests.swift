import Foundation
import Testing

extension ProductTests {
    @Suite("Killed at any moment")
    struct Killing {
        @Test("fifty times, loses nothing that was acknowledged and halves nothing")
        func killing() throws {
            let seed = ProcessInfo.processInfo.environment["TESSERA_TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 0..<1_000_000)
            print("kill test: seed \(seed)")
            let ground = try KillingGround(seed: seed)
            for round in 1...50 {
                let problems = try ground.round(round)
                guard problems.isEmpty else {
                    Issue.record("round \(round), seed \(seed), after \(ground.sums):\n\(problems.prefix(10).joined(separator: "\n"))")
                    return
                }
            }
            let sums = ground.sums
            print("kill test: \(sums)")
            #expect(sums.acknowledged > 50 && sums.importsBroken > 3 && sums.inDoubt > 0, "nothing was put to the test: \(sums)")
            #expect(ground.stop() == 0)
        }
    }
}
