package io.httpaudit.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.httpaudit.capture.Capture;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OwnThreadsTest {
  @Test
  void theyKeepNeitherTheJvmNorTheApplicationsLoader() throws InterruptedException {
    ThreadGroup group = new ThreadGroup("httpaudit");
    CountDownLatch ran = new CountDownLatch(1);
    Thread thread = new OwnThreads(group, new Capture(Set.of(), false)).newThread(ran::countDown);

    assertThat(thread.isDaemon()).isTrue();
    assertThat(thread.getThreadGroup()).isSameAs(group);
    assertThat(thread.getContextClassLoader()).isNull();
    thread.start();
    ran.await();
  }

  @Test
  void theyDoTheirWorkWhateverFailsBeforeIt() throws InterruptedException {
    CountDownLatch ran = new CountDownLatch(1);
    new OwnThreads(new ThreadGroup("httpaudit"), null).newThread(ran::countDown).start();
    assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
  }
}
