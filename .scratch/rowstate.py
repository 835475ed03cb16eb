p='src/fold/row-state.ts'
s=open(p).read()
a=s.index("    const capacity = this.keyIds.length * 2;")
b=s.index("    for (let slot = 0; slot < this.count; slot += 1) this.#insert(slot);\n  }\n}")
s=s[:a]+"""    const larger = takeSpare(this.stride, this.count) ?? newArrays(this.keyIds.length * 2, this.stride);
    larger.numbers.set(this.numbers);
    larger.keyIds.set(this.keyIds);
    larger.changed.set(this.#changed);
    larger.changedSlots.set(this.#changedSlots);
    this.#use(larger);
"""+s[b:]
open(p,'w').write(s)
