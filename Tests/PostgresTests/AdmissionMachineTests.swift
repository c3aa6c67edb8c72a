import Testing

@testable import Postgres

@Suite struct AdmissionMachineTests {
    private typealias Admission = AdmissionMachine<String>
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    private func admission(room: Int?, _ names: String...) -> Admission {
        var admission = Admission(room: room, youth: .milliseconds(50))
        for name in names { admission.arrive(name) }
        return admission
    }

    private func admitted(_ admission: inout Admission, at milliseconds: Int) -> [String] {
        var names: [String] = []
        while let (name, _) = admission.admitted(now: at(milliseconds)) { names.append(name) }
        return names
    }

    @Test("admits as many as there is room for, in the order they came, and the next when one ends")
    func order() throws {
        var admission = admission(room: 2, "a", "b", "c", "d")
        let next = admission.admitted(now: at(0))
        let (first, place) = try #require(next)
        #expect(first == "a")
        #expect(admitted(&admission, at: 0) == ["b"])
        #expect(admission.heldCount == 2)
        admission.ended(place)
        #expect(admitted(&admission, at: 1) == ["c"])
        #expect(admission.heldCount == 1)
    }

    @Test("takes the place of one that runs for long, and of nobody before")
    func ageing() {
        var admission = admission(room: 1, "slow", "b", "c")
        #expect(admitted(&admission, at: 0) == ["slow"])
        #expect(admission.deadline == at(50))
        admission.tick(now: at(49))
        #expect(admitted(&admission, at: 49) == [])
        admission.tick(now: at(50))
        #expect(admitted(&admission, at: 50) == ["b"])
        #expect(admission.deadline == at(100))
    }

    @Test("an end that comes after its place was taken frees no second one")
    func lateEnd() throws {
        var admission = admission(room: 1, "slow", "b", "c")
        let next = admission.admitted(now: at(0))
        let (_, place) = try #require(next)
        admission.tick(now: at(50))
        #expect(admitted(&admission, at: 50) == ["b"])
        admission.ended(place)
        #expect(admitted(&admission, at: 51) == [])
    }

    @Test("has nothing to do at a time while nobody waits")
    func noDeadline() {
        var admission = admission(room: 2, "a")
        #expect(admitted(&admission, at: 0) == ["a"])
        #expect(admission.deadline == nil)
    }

    @Test("admits everyone without a limit, and once it is open")
    func unlimited() {
        var unlimited = admission(room: nil, "a", "b", "c")
        #expect(admitted(&unlimited, at: 0) == ["a", "b", "c"])
        var closing = admission(room: 1, "a", "b", "c")
        #expect(admitted(&closing, at: 0) == ["a"])
        closing.open()
        #expect(admitted(&closing, at: 0) == ["b", "c"])
    }
}
