package io.httpaudit.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessorsTest {
  @TempDir Path dir;

  @ParameterizedTest
  @CsvSource(
      delimiter = ':',
      value = {"0:1", "0-63:64", "0-3,8-11:8", "0,2,4-5:4", "0-8191:8192"})
  void countsThoseThatTheKernelsListNames(String list, int count) throws Exception {
    assertThat(Processors.count(Files.writeString(dir.resolve("present"), list + "\n"), 0))
        .isEqualTo(count);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "all", "0-", "-3", "3-0,", "7-3", "0-8192", "0-99999999999"})
  void countsThoseOfThisJvmIfTheListCannotBeRead(String list) throws Exception {
    int ours = Runtime.getRuntime().availableProcessors();
    assertThat(Processors.count(Files.writeString(dir.resolve("present"), list), ours))
        .isEqualTo(ours);
    assertThat(Processors.count(dir.resolve("none"), ours)).isEqualTo(ours);
  }

  /** What is declared can be used, beside what each processor keeps to itself. */
  @ParameterizedTest
  @CsvSource({"1, 4224", "2, 4352", "32, 8192", "64, 12288", "512, 69632"})
  void mapThatEvictsHasRoomBesideWhatEachProcessorKeeps(int processors, int entries) {
    assertThat(BpfMap.entries(BpfMap.LRU_HASH, 4096, processors)).isEqualTo(entries);
    assertThat(BpfMap.entries(BpfMap.HASH, 4096, processors)).isEqualTo(4096);
    assertThat(BpfMap.entries(BpfMap.ARRAY, 4096, processors)).isEqualTo(4096);
  }
}
