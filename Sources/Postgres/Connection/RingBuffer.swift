/// A first-in-first-out queue that keeps its memory.
struct RingBuffer<Element> {
    private var storage: [Element?] = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var first: Element? { count == 0 ? nil : storage[head] }

    /// The element at this distance from the front. The caller stays below `count`.
    subscript(offset: Int) -> Element? {
        get { offset < count ? storage[slot(offset)] : nil }
        set { if offset < count { storage[slot(offset)] = newValue } }
    }

    mutating func append(_ element: Element) {
        if count == storage.count { grow() }
        storage[slot(count)] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = storage[head].take()
        head = (head + 1) & (storage.count - 1)
        count -= 1
        return element
    }

    /// Removes the first element that matches; the order of the others stays.
    mutating func removeFirst(where matches: (Element) -> Bool) -> Element? {
        for offset in 0..<count {
            guard let element = self[offset], matches(element) else { continue }
            for later in offset + 1..<max(count, offset + 1) { storage[slot(later - 1)] = storage[slot(later)].take() }
            storage[slot(count - 1)] = nil
            count -= 1
            return element
        }
        return nil
    }

    /// Changes the front element in place.
    mutating func withFirst<R>(_ body: (inout Element) -> R) -> R? {
        guard count > 0, var element = storage[head].take() else { return nil }
        let result = body(&element)
        storage[head] = element
        return result
    }

    // The capacity is a power of two, so that wrapping is a mask.
    private func slot(_ offset: Int) -> Int { (head + offset) & (storage.count - 1) }

    private mutating func grow() {
        var larger: [Element?] = []
        larger.reserveCapacity(max(8, storage.count * 2))
        for offset in 0..<count { larger.append(storage[slot(offset)]) }
        while larger.count < max(8, storage.count * 2) { larger.append(nil) }
        storage = larger
        head = 0
    }
}
